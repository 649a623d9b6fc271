"""The loop of a run: picture, answers, row. Knows no parameters, no layers and no tile grid."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from qgis.core import QgsFeature, QgsFeatureSink, QgsFeedback
from qgis.PyQt.QtCore import QCoreApplication

from ..client.answer_source import AnswerMemory, AnswerSource, Outcome, PictureQuery, QueryOutcome
from ..client.installed_models import ModelInfo
from ..core.paths import plugin_version
from ..errors import Cancelled, ImageryError, OutputError, RsgptError
from ..geo.imagery.picture import RENDERED, Picture
from ..geo.results.schema import attributes
from ..shared.answers.questions import Question
from ..shared.answers.typed_answers import RawAnswer
from ..shared.results import rows
from ..shared.results.rows import RowValues, RunPrompts, Status, answered_row
from ..unexpected import explained

translate = QCoreApplication.translate


@dataclass(frozen=True)
class RunQuestions(RunPrompts):
    """What is asked of every picture, and of which model. caption: its prompt, "" for none.

    least_confidence: an answer to a question that is less sure, 0 to 1, is not told. language: that text is asked for
    in, "" for none in particular.
    """

    model: ModelInfo
    questions: tuple[Question, ...]
    caption: str
    least_confidence: float = 0.0
    language: str = ""


@dataclass(frozen=True)
class CaptureTarget:
    """One place to describe. feature: its geometry and own attributes. picture: takes it when its turn comes."""

    feature: QgsFeature
    picture: Callable[[], Picture]


@dataclass
class RunCounts(rows.RowCounts):
    """The counts of a run. asked: prompts that were sent to the model."""

    asked: int = 0


@dataclass
class _PendingRow:
    """A place on its way. outcomes: one for each thing asked, None while it is under way.

    It keeps no pixels: a row may wait long for one before it.
    """

    feature: QgsFeature
    outcomes: list[Outcome | None]
    provenance: dict[str, str | float] = field(default_factory=dict)
    status: Status = Status.ANSWERED
    reason: str = ""

    @property
    def complete(self) -> bool:
        return None not in self.outcomes

    def fail(self, reason: str) -> None:
        """Become a row without answers."""
        self.outcomes, self.status, self.reason = [], Status.FAILED, reason


class DescribeRun:
    """One run over places: each is looked at once, each answer is remembered as it arrives.

    Rows reach the sink in the order of the places. A run that ends early writes the rows that are complete.
    """

    def __init__(
        self,
        asking: RunQuestions,
        memory: AnswerMemory,
        open_sink: Callable[[], QgsFeatureSink],
        feedback: QgsFeedback,
        watch: Callable[[RunCounts], None] = lambda counts: None,
        *,
        where: Callable[[], str] = lambda: "",
    ) -> None:
        """open_sink: called once it is known that the run can begin, since it empties what it opens.

        watch: given the counts after every row; not to be kept, they go on changing.
        where: what the open sink is called, for the sentence that says that it is full.
        """
        self._asking = asking
        self._memory = memory
        self._open_sink = open_sink
        self._sink: QgsFeatureSink | None = None
        self._feedback = feedback
        self._watch = watch
        self._where = where
        self._rows: deque[_PendingRow] = deque()
        self._pending: dict[int, _PendingRow] = {}
        self._model = asking.model
        self._common = {
            "prompt": asking.describe(),
            "plugin_version": plugin_version(),
        }
        self.counts = RunCounts()

    def describe(self, places: Iterable[CaptureTarget], total: int) -> RunCounts:
        """Describe all `total` places. The model is loaded for its fingerprint, or by the first prompt that is new.

        Raises RsgptError where the run cannot go on; complete rows are written, answers so far remembered. Cancelled
        where the user stops it while the model is identified: the sink is not opened, so earlier rows stay.
        """
        self.counts.tiles = total
        source = AnswerSource(self._asking.model, self._memory, self._asking.language, self._feedback)
        self._model = source.model
        try:
            source.ask_many(self._queries(places), self._receive, self._open)
        except Cancelled:
            self._open()
            self._feedback.pushWarning(translate("Rsgpt", "Stopped. Answers so far are kept; run again to go on."))
        finally:
            self._rows = deque(row for row in self._rows if row.complete)
            self._write()
        return self.counts

    def _open(self) -> None:
        if self._sink is None:
            self._sink = self._open_sink()

    def _queries(self, places: Iterable[CaptureTarget]) -> Iterator[PictureQuery]:
        """What is asked about each picture, taking pictures as it goes."""
        queries = 0
        for place in places:
            if self._feedback.isCanceled():
                raise Cancelled(translate("Rsgpt", "The run was stopped."))
            picture = self._look(place)
            if picture is not None:
                self._pending[queries] = self._rows[-1]
                queries += 1
                yield self._query(picture)
            self._write()

    def _query(self, picture: Picture) -> PictureQuery:
        return PictureQuery(picture.sha256, lambda: picture.png, self._asking.asked)

    def _look(self, place: CaptureTarget) -> Picture | None:
        """Take the place's picture and queue its row; None where there is nothing to ask about."""
        row = _PendingRow(place.feature, [])
        self._rows.append(row)
        try:
            picture = place.picture()
            row.provenance = _provenance(picture)
        except ImageryError as error:
            row.fail(str(error))
            return None
        except RsgptError:
            raise
        except Exception as error:  # whatever GDAL, numpy or QGIS raise about one picture fails its row alone
            row.fail(explained(error))
            return None
        if picture.empty:
            row.status, row.reason = Status.SKIPPED, _why_empty(picture)
            return None
        row.outcomes = [None] * len(self._asking.asked)
        return picture

    def _receive(self, found: QueryOutcome) -> None:
        row = self._pending[found.query]
        row.outcomes[found.question] = found.outcome
        if found.was_known:
            self.counts.cached += 1
        else:
            self.counts.asked += 1
        if row.complete:
            del self._pending[found.query]
            self._write()

    def _write(self) -> None:
        """Write the complete rows at the head of the queue, as soon as the sink is open."""
        while self._sink is not None and self._rows and self._rows[0].complete:
            row = self._rows.popleft()
            try:
                status = self._add(self._sink, row)
            except RsgptError:
                raise
            except Exception as error:  # an answer that cannot be read or written fails its row alone
                row.fail(explained(error))
                status = self._add(self._sink, row)
            self._count(status)

    def _add(self, sink: QgsFeatureSink, row: _PendingRow) -> Status:
        values = self._values(row)
        feature = QgsFeature(row.feature)
        feature.setAttributes(row.feature.attributes() + attributes(self._asking.questions, values))
        if not sink.addFeature(feature, QgsFeatureSink.Flag.FastInsert):
            raise OutputError(
                translate("Rsgpt", "A row cannot be written to {where} ({cause}).").format(
                    where=self._where(), cause=sink.lastError()
                )
            )
        return values.status

    def _count(self, status: Status) -> None:
        self.counts.add(status)
        self._feedback.setProgress(100.0 * self.counts.done / max(1, self.counts.tiles))
        self._watch(self.counts)

    def _values(self, row: _PendingRow) -> RowValues:
        told = dict.fromkeys(outcome.model for outcome in row.outcomes if isinstance(outcome, RawAnswer))
        model = ", ".join(filter(None, told)) or self._model.name
        identity = {
            "model": model,
            "weights_sha256": self._model.weights_sha256,
            "model_fingerprint": self._model.fingerprint,
        }
        provenance = {**self._common, **identity, **row.provenance}
        if not row.outcomes:
            return RowValues(row.status, row.reason, provenance=provenance)
        raws = [one if isinstance(one, RawAnswer) else RawAnswer("", None, problem=str(one)) for one in row.outcomes]
        return answered_row(self._asking.asked, raws, self._asking.least_confidence, provenance)


def _provenance(picture: Picture) -> dict[str, str | float]:
    return {
        "image_sha256": picture.sha256,
        "bands": picture.bands,
        "stretch": picture.stretch,
        **({"gsd_m": picture.gsd_m} if picture.gsd_m else {}),
    }


def _why_empty(picture: Picture) -> str:
    if picture.bands == RENDERED:
        return translate("Rsgpt", "the layer drew nothing here, in two attempts")
    return translate("Rsgpt", "no valid pixel here")
