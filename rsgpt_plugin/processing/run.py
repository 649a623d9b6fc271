"""The loop of a run: captures a picture, asks the model, and writes a row for each place."""

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
from ..shared.answers.model_limits import ModelLimits
from ..shared.answers.questions import Question
from ..shared.answers.typed_answers import RawAnswer
from ..shared.results import rows
from ..shared.results.rows import RowValues, RunPrompts, Status, answered_row
from ..unexpected import log_unexpected

translate = QCoreApplication.translate


@dataclass(frozen=True)
class RunQuestions(RunPrompts):
    """The prompts for each picture, and the model. caption: prompt of the caption, "" for none.

    least_confidence: minimum confidence, 0 to 1; less certain answers to questions are left empty. language: language
    of text answers, "" for the model's default.
    """

    model: ModelInfo
    questions: tuple[Question, ...]
    caption: str
    least_confidence: float = 0.0
    language: str = ""

    @property
    def limits(self) -> ModelLimits | None:
        """The known limits of the model."""
        return self.model.limits


@dataclass(frozen=True)
class CaptureTarget:
    """One place to describe. feature: its geometry and input attributes. picture: captures the picture."""

    feature: QgsFeature
    picture: Callable[[], Picture]


@dataclass
class RunCounts(rows.RowCounts):
    """The counts of a run. asked: number of prompts sent to the model."""

    asked: int = 0


@dataclass
class _PendingRow:
    """A row that is not written yet. outcomes: one per prompt, None until it is answered.

    It holds no pixels, because rows may wait for earlier rows.
    """

    feature: QgsFeature
    outcomes: list[Outcome | None]
    provenance: dict[str, str | float] = field(default_factory=dict)
    status: Status = Status.ANSWERED
    reason: str = ""
    side: int | None = None

    @property
    def complete(self) -> bool:
        return None not in self.outcomes

    def fail(self, reason: str) -> None:
        self.outcomes, self.status, self.reason = [], Status.FAILED, reason


class DescribeRun:
    """One run over places. It captures each place once and caches each answer when it arrives.

    Rows are written in the order of the places. A run that ends early writes the complete rows.
    """

    def __init__(
        self,
        questions: RunQuestions,
        memory: AnswerMemory,
        open_sink: Callable[[], QgsFeatureSink],
        feedback: QgsFeedback,
        on_row: Callable[[RunCounts], None] = lambda counts: None,
        *,
        sink_name: Callable[[], str] = lambda: "",
    ) -> None:
        """Prepare a run.

        open_sink: called when the model is ready, because opening the sink clears an existing output.
        on_row: called with the counts after each row; the run keeps changing the same object.
        sink_name: name of the open sink, for error messages.
        """
        self._questions = questions
        self._memory = memory
        self._open_sink = open_sink
        self._sink: QgsFeatureSink | None = None
        self._feedback = feedback
        self._on_row = on_row
        self._sink_name = sink_name
        self._rows: deque[_PendingRow] = deque()
        self._pending: dict[int, _PendingRow] = {}
        self._model = questions.model
        self._common = {
            "prompt": questions.describe(),
            "plugin_version": plugin_version(),
        }
        self.counts = RunCounts()

    def describe(self, places: Iterable[CaptureTarget], total: int) -> RunCounts:
        """Describe all `total` places, and return the counts.

        Raises RsgptError if the run cannot continue; complete rows are written and answers are cached. Raises Cancelled
        if the user stops the run while the model is identified; then the sink is not opened and earlier rows stay.
        """
        self.counts.tiles = total
        source = AnswerSource(self._questions.model, self._memory, self._questions.language, self._feedback)
        self._model = source.model
        try:
            source.ask_many(self._queries(places), self._receive, self._open)
        except Cancelled:
            self._open()
            self._feedback.pushWarning(
                translate("Rsgpt", "Stopped. The answers so far are saved. Run again to continue.")
            )
        finally:
            self._rows = deque(row for row in self._rows if row.complete)
            self._write()
        return self.counts

    def _open(self) -> None:
        if self._sink is None:
            self._sink = self._open_sink()

    def _queries(self, places: Iterable[CaptureTarget]) -> Iterator[PictureQuery]:
        """Capture the places one by one, and yield one query per picture that has pixels."""
        queries = 0
        for place in places:
            if self._feedback.isCanceled():
                raise Cancelled(translate("Rsgpt", "The run was stopped."))
            picture = self._capture(place)
            if picture is not None:
                self._pending[queries] = self._rows[-1]
                queries += 1
                yield self._query(picture)
            self._write()

    def _query(self, picture: Picture) -> PictureQuery:
        return PictureQuery(picture.sha256, lambda: picture.png, self._questions.asked, picture.gsd_m)

    def _capture(self, place: CaptureTarget) -> Picture | None:
        """Capture a place and queue its row. Return None if the row is failed or skipped."""
        row = _PendingRow(place.feature, [])
        self._rows.append(row)
        try:
            picture = place.picture()
            row.provenance = _provenance(picture)
            row.side = min(picture.rgb.shape[:2])
        except ImageryError as error:
            row.fail(str(error))
            return None
        except RsgptError:
            raise
        except Exception as error:  # an error of GDAL, numpy or QGIS in one picture fails only its row
            row.fail(log_unexpected(error))
            return None
        if picture.empty:
            row.status, row.reason = Status.SKIPPED, _skip_reason(picture)
            return None
        row.outcomes = [None] * len(self._questions.asked)
        return picture

    def _receive(self, result: QueryOutcome) -> None:
        row = self._pending[result.query]
        row.outcomes[result.question] = result.outcome
        if result.is_reused:
            self.counts.cached += 1
        else:
            self.counts.asked += 1
        if row.complete:
            del self._pending[result.query]
            self._write()

    def _write(self) -> None:
        """Write the complete rows at the head of the queue if the sink is open."""
        while self._sink is not None and self._rows and self._rows[0].complete:
            row = self._rows.popleft()
            try:
                status = self._add(self._sink, row)
            except RsgptError:
                raise
            except Exception as error:  # an answer that cannot be read or written fails only its row
                row.fail(log_unexpected(error))
                status = self._add(self._sink, row)
            self._count(status)

    def _add(self, sink: QgsFeatureSink, row: _PendingRow) -> Status:
        values = self._values(row)
        feature = QgsFeature(row.feature)
        feature.setAttributes(row.feature.attributes() + attributes(self._questions.questions, values))
        if not sink.addFeature(feature, QgsFeatureSink.Flag.FastInsert):
            raise OutputError(
                translate("Rsgpt", "A row cannot be written to {where} ({cause}).").format(
                    where=self._sink_name(), cause=sink.lastError()
                )
            )
        return values.status

    def _count(self, status: Status) -> None:
        self.counts.add(status)
        self._feedback.setProgress(100.0 * self.counts.done / max(1, self.counts.tiles))
        self._on_row(self.counts)

    def _values(self, row: _PendingRow) -> RowValues:
        models = dict.fromkeys(outcome.model for outcome in row.outcomes if isinstance(outcome, RawAnswer))
        model = ", ".join(filter(None, models)) or self._model.name
        identity = {
            "model": model,
            "weights_sha256": self._model.weights_sha256,
            "model_fingerprint": self._model.fingerprint,
        }
        provenance = {**self._common, **identity, **row.provenance}
        if not row.outcomes:
            return RowValues(row.status, row.reason, provenance=provenance)
        answers = [
            outcome if isinstance(outcome, RawAnswer) else RawAnswer("", None, problem=str(outcome))
            for outcome in row.outcomes
        ]
        asked = self._questions
        return answered_row(
            asked.asked, answers, asked.least_confidence, provenance, limits=asked.limits, side=row.side
        )


def _provenance(picture: Picture) -> dict[str, str | float]:
    return {
        "image_sha256": picture.sha256,
        "bands": picture.bands,
        "stretch": picture.stretch,
        **({"gsd_m": picture.gsd_m} if picture.gsd_m else {}),
    }


def _skip_reason(picture: Picture) -> str:
    if picture.bands == RENDERED:
        return translate("Rsgpt", "the layer drew nothing here in two attempts")
    return translate("Rsgpt", "no valid pixel here")
