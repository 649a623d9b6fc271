"""The loop of a run: captures a picture of each place and asks the model; `DescribeRun` writes a row per place."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
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


class ModelPrompts(RunPrompts):
    """Prompts for each picture, and the model that answers them. Its dataclasses add fields."""

    model: ModelInfo


@dataclass(frozen=True)
class RunQuestions(ModelPrompts):
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
    """One place to ask about. feature: its geometry and input attributes. picture: captures the picture.

    number: of the search window, if it is one.
    """

    feature: QgsFeature
    picture: Callable[[], Picture]
    number: int = 0


@dataclass
class RunCounts(rows.RowCounts):
    """The counts of a run. asked: number of prompts sent to the model."""

    asked: int = 0

    @property
    def rows(self) -> int:
        """Number of rows in the output."""
        return self.done


@dataclass
class PendingPlace:
    """A place that is not finished yet. outcomes: one per prompt, None until it is answered.

    It holds no pixels, because places may wait for earlier places.
    """

    feature: QgsFeature
    outcomes: list[Outcome | None]
    provenance: dict[str, str | float] = field(default_factory=dict)
    status: Status = Status.ANSWERED
    reason: str = ""
    side: int | None = None
    number: int = 0

    @property
    def complete(self) -> bool:
        return None not in self.outcomes

    def fail(self, reason: str) -> None:
        self.outcomes, self.status, self.reason = [], Status.FAILED, reason


class PictureRun(ABC):
    """One run over places. It captures each place once and caches each answer when it arrives.

    Places are finished in their order. A run that ends early finishes the places that are complete.
    """

    def __init__(
        self,
        prompts: ModelPrompts,
        memory: AnswerMemory,
        feedback: QgsFeedback,
        on_place: Callable[[RunCounts], None] = lambda counts: None,
    ) -> None:
        """on_place: called with the counts after each place; the run keeps changing the same object."""
        self._prompts = prompts
        self._memory = memory
        self._feedback = feedback
        self._on_place = on_place
        self._places: deque[PendingPlace] = deque()
        self._pending: dict[int, PendingPlace] = {}
        self._model = prompts.model
        self._is_ready = False
        self.counts = RunCounts()

    def run(self, places: Iterable[CaptureTarget], total: int) -> RunCounts:
        """Ask about all `total` places, and return the counts.

        Raises RsgptError if the run cannot continue; complete places are finished and answers are cached. Raises
        Cancelled if the user stops the run while the model is identified; then the output is not opened.
        """
        self.counts.tiles = total
        source = AnswerSource(self._prompts.model, self._memory, self._prompts.language, self._feedback)
        self._model = source.model
        try:
            source.ask_many(self._queries(places), self._receive, self._begin)
        except Cancelled:
            self._begin()
            self._feedback.pushWarning(
                translate("Rsgpt", "Stopped. The answers so far are saved. Run again to continue.")
            )
        finally:
            self._places = deque(place for place in self._places if place.complete)
            self._finish_places()
        return self.counts

    def _begin(self) -> None:
        """Open what the run needs for its output. Called when the model is ready."""
        self._is_ready = True

    @abstractmethod
    def _finish(self, place: PendingPlace) -> Status:
        """Use the answers of a place, and return how it ended."""

    def _queries(self, places: Iterable[CaptureTarget]) -> Iterator[PictureQuery]:
        """Capture the places one by one, and yield one query per picture that has pixels."""
        queries = 0
        for place in places:
            if self._feedback.isCanceled():
                raise Cancelled(translate("Rsgpt", "The run was stopped."))
            picture = self._capture(place)
            if picture is not None:
                self._pending[queries] = self._places[-1]
                queries += 1
                yield self._query(picture)
            self._finish_places()

    def _query(self, picture: Picture) -> PictureQuery:
        return PictureQuery(picture.sha256, lambda: picture.png, self._prompts.asked, picture.gsd_m)

    def _capture(self, target: CaptureTarget) -> Picture | None:
        """Capture a place and queue it. Return None if it is failed or skipped."""
        place = PendingPlace(target.feature, [], number=target.number)
        self._places.append(place)
        try:
            picture = target.picture()
            place.provenance = _provenance(picture)
            place.side = min(picture.rgb.shape[:2])
        except ImageryError as error:
            place.fail(str(error))
            return None
        except RsgptError:
            raise
        except Exception as error:  # an error of GDAL, numpy or QGIS in one picture fails only its place
            place.fail(log_unexpected(error))
            return None
        if picture.empty:
            place.status, place.reason = Status.SKIPPED, _skip_reason(picture)
            return None
        place.outcomes = [None] * len(self._prompts.asked)
        return picture

    def _receive(self, result: QueryOutcome) -> None:
        place = self._pending[result.query]
        place.outcomes[result.question] = result.outcome
        if result.is_reused:
            self.counts.cached += 1
        else:
            self.counts.asked += 1
        if place.complete:
            del self._pending[result.query]
            self._finish_places()

    def _finish_places(self) -> None:
        """Finish the complete places at the head of the queue if the model is ready."""
        while self._is_ready and self._places and self._places[0].complete:
            place = self._places.popleft()
            try:
                status = self._finish(place)
            except RsgptError:
                raise
            except Exception as error:  # an answer that cannot be read or written fails only its place
                place.fail(log_unexpected(error))
                status = self._finish(place)
            self._count(status)

    def _count(self, status: Status) -> None:
        self.counts.add(status)
        self._feedback.setProgress(100.0 * self.counts.done / max(1, self.counts.tiles))
        self._on_place(self.counts)

    def _identity(self, outcomes: Sequence[Outcome | None]) -> dict[str, str]:
        """Return the columns that identify the model, as the answers name it."""
        models = dict.fromkeys(outcome.model for outcome in outcomes if isinstance(outcome, RawAnswer))
        return {
            "model": ", ".join(filter(None, models)) or self._model.name,
            "weights_sha256": self._model.weights_sha256,
            "model_fingerprint": self._model.fingerprint,
        }


class DescribeRun(PictureRun):
    """A run that writes one row per place, in the order of the places. A run that ends early writes complete rows."""

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
        on_row: see PictureRun. sink_name: name of the open sink, for error messages.
        """
        super().__init__(questions, memory, feedback, on_row)
        self._questions = questions
        self._open_sink = open_sink
        self._sink: QgsFeatureSink | None = None
        self._sink_name = sink_name
        self._common = {"prompt": questions.describe(), "plugin_version": plugin_version()}

    def _begin(self) -> None:
        if self._sink is None:
            self._sink = self._open_sink()
        super()._begin()

    def _finish(self, place: PendingPlace) -> Status:
        values = self._values(place)
        feature = QgsFeature(place.feature)
        feature.setAttributes(feature.attributes() + attributes(self._questions.questions, values))
        add_row(self._sink, feature, self._sink_name())
        return values.status

    def _values(self, place: PendingPlace) -> RowValues:
        provenance = {**self._common, **self._identity(place.outcomes), **place.provenance}
        if not place.outcomes:
            return RowValues(place.status, place.reason, provenance=provenance)
        answers = [
            outcome if isinstance(outcome, RawAnswer) else RawAnswer("", None, problem=str(outcome))
            for outcome in place.outcomes
        ]
        asked = self._questions
        return answered_row(
            asked.asked, answers, asked.least_confidence, provenance, limits=asked.limits, side=place.side
        )


def add_row(sink: QgsFeatureSink | None, feature: QgsFeature, name: str) -> None:
    """Write a row. name: of the sink, for the message. Raises OutputError if it cannot be written."""
    if sink is None or not sink.addFeature(feature, QgsFeatureSink.Flag.FastInsert):
        cause = sink.lastError() if sink is not None else ""
        message = translate("Rsgpt", "A row cannot be written to {where} ({cause}).")
        raise OutputError(message.format(where=name, cause=cause))


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
