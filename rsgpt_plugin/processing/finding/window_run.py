"""The loop of a run that finds objects: searches each window, then writes each object once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from qgis.core import QgsFeatureSink, QgsFeedback
from qgis.PyQt.QtCore import QCoreApplication

from ...client.answer_source import AnswerMemory, PictureQuery
from ...geo.imagery.picture import Picture
from ...shared.answers.typed_answers import RawAnswer
from ...shared.objects.collecting import ObjectCollector, WindowOrigin
from ...shared.objects.found_text import read_found
from ...shared.results.rows import Status
from ..run import CaptureTarget, PendingPlace, PictureRun, RunCounts, add_row
from .object_layer import ObjectLayer

translate = QCoreApplication.translate


@dataclass
class FindCounts(RunCounts):
    """The counts of a run; places are windows. objects: number of objects by label, once they are written."""

    objects: dict[str, int] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        return sum(self.objects.values())


class WindowRun(PictureRun):
    """A run that writes one row per object, after the last window. A run that ends early writes the objects so far.

    The output is opened at the end, so that a run that is killed keeps the objects of an earlier one.
    """

    counts: FindCounts

    def __init__(
        self,
        layer: ObjectLayer,
        memory: AnswerMemory,
        open_sink: Callable[[FindCounts], QgsFeatureSink],
        feedback: QgsFeedback,
        on_window: Callable[[RunCounts], None] = lambda counts: None,
        *,
        sink_name: Callable[[], str] = lambda: "",
    ) -> None:
        """open_sink: called with the final counts. sink_name: name of the open sink, for error messages."""
        super().__init__(layer.search, memory, feedback, on_window)
        self._layer = layer
        self._open_sink = open_sink
        self._sink_name = sink_name
        self._objects = ObjectCollector(layer.grid, layer.search.labels, layer.search.least_confidence)
        self._columns: dict[str, str | float] = {}
        self._problem = ""
        self.counts = FindCounts()

    def _query(self, picture: Picture) -> PictureQuery:
        # The grid has adapted the windows to the ground resolution, so the answer does not depend on it.
        return PictureQuery(picture.sha256, lambda: picture.png, self._prompts.asked)

    def _finish(self, place: PendingPlace) -> Status:
        if not place.outcomes:
            self._note(place.reason if place.status is Status.FAILED else "")
            return place.status
        (outcome,) = place.outcomes
        if not isinstance(outcome, RawAnswer) or outcome.problem:
            self._note(outcome.problem if isinstance(outcome, RawAnswer) else str(outcome))
            return Status.FAILED
        found, gsd_m = read_found(outcome.text), place.provenance.get("gsd_m")
        origin = WindowOrigin(
            str(place.provenance["image_sha256"]), gsd_m if isinstance(gsd_m, float) else None, outcome.asked_at
        )
        self._objects.add(place.number, found, origin)
        if not self._columns:
            bands_and_stretch = {name: place.provenance[name] for name in ("bands", "stretch")}
            self._columns = {**self._identity(place.outcomes), **bands_and_stretch}
        return Status.ANSWERED

    def _note(self, problem: str) -> None:
        self._problem = self._problem or problem

    def run(self, places: Iterable[CaptureTarget], total: int) -> FindCounts:
        """Search all `total` windows, write the objects, and return the counts. Raises as PictureRun.run."""
        try:
            super().run(places, total)
        finally:
            if self._is_ready:
                self._write()
        return self.counts

    def _write(self) -> None:
        merged = self._objects.merged(self._layer.is_inside)
        self.counts.objects = {label: len(values) for label, values in merged.items()}
        if self.counts.failed:
            message = translate(
                "Rsgpt", "{failed} of {windows} search windows failed ({reason}). Run again to search them."
            )
            self._feedback.pushWarning(
                message.format(failed=self.counts.failed, windows=self.counts.tiles, reason=self._problem)
            )
        sink = self._open_sink(self.counts)
        for page in self._objects.pages(merged):
            for found in page:
                add_row(sink, self._layer.feature(found, self._columns), self._sink_name())
