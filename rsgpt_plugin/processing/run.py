"""The loop of a run: picture, memory, model, row. Knows no parameters, no layers and no tile grid."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from itertools import chain
from typing import Union

from qgis.core import QgsFeature, QgsFeatureSink, QgsFeedback
from qgis.PyQt.QtCore import QCoreApplication

from ..client.doors import known_model, open_door
from ..client.models import ModelInfo
from ..client.preferences import load
from ..client.protocol import Prompt, Reply
from ..core.cache import AnswerCache
from ..core.hashing import Asked, Setting
from ..core.paths import cache_file, picture_file, plugin_version
from ..core.pictures import PictureStore
from ..errors import Cancelled, ImageryError, OutputError, RsgptError
from ..geo.picture import RENDERED, Picture
from ..geo.schema import attributes
from ..shared.answers import RawAnswer, is_degenerate
from ..shared.questions import Question
from ..shared.rows import RowValues, Status, answered_row, asked_of, prompt_text

MAX_TOKENS = 128
_DECODING = {"max_tokens": MAX_TOKENS, "temperature": 0, "seed": 0}

Outcome = Union[RawAnswer, RsgptError]

translate = QCoreApplication.translate


@dataclass(frozen=True)
class Asking:
    """What is asked of every picture. prompt: for the caption, "" for none.

    least_confidence: an answer to a question that is less sure, 0 to 1, is not told. language: that text is asked for
    in, "" for none in particular.
    """

    model: ModelInfo
    questions: tuple[Question, ...]
    prompt: str
    least_confidence: float = 0.0
    language: str = ""

    @property
    def asked(self) -> tuple[Question, ...]:
        """Everything that is asked of a picture, in order; the caption is a question too."""
        return asked_of(self.prompt, self.questions)

    def describe(self) -> str:
        """For the `prompt` column: the caption's prompt and the questions, one a line."""
        return prompt_text(self.prompt, self.questions, self.language)


@dataclass(frozen=True)
class Memory:
    """What is kept on disk as a run goes: every answer, and the pictures that were asked about."""

    answers: AnswerCache
    pictures: PictureStore


@contextmanager
def open_memory() -> Iterator[Memory]:
    """This user's memory, for the calling thread; raises OutputError where it cannot be used."""
    with AnswerCache(cache_file()) as answers, PictureStore(picture_file(), load().picture_bytes) as pictures:
        yield Memory(answers, pictures)


@dataclass(frozen=True)
class Place:
    """One place to describe. feature: its geometry and own attributes. picture: takes it when its turn comes."""

    feature: QgsFeature
    picture: Callable[[], Picture]


@dataclass
class Counts:
    """tiles = answered + skipped + failed, unless the run was stopped; asked and cached count prompts."""

    tiles: int = 0
    answered: int = 0
    skipped: int = 0
    failed: int = 0
    asked: int = 0
    cached: int = 0

    @property
    def done(self) -> int:
        """Places that have their row."""
        return self.answered + self.skipped + self.failed

    def as_dict(self) -> dict[str, int]:
        """By name."""
        return asdict(self)


@dataclass
class _Row:
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


@dataclass
class _Waiting:
    """The prompts under way. Each key is asked once, whatever the number of pictures that wait for it."""

    keys: list[str] = field(default_factory=list)
    slots: dict[str, list[tuple[_Row, int]]] = field(default_factory=dict)

    def join(self, key: str, row: _Row, slot: int) -> bool:
        """Wait for `key`; True where it has to be asked."""
        new = key not in self.slots
        if new:
            self.keys.append(key)
        self.slots.setdefault(key, []).append((row, slot))
        return new


class Run:
    """One run over places: each is looked at once, each answer is remembered as it arrives.

    Rows reach the sink in the order of the places. A run that ends early writes the rows that are complete.
    """

    def __init__(
        self,
        asking: Asking,
        memory: Memory,
        open_sink: Callable[[], QgsFeatureSink],
        feedback: QgsFeedback,
        watch: Callable[[Counts], None] = lambda counts: None,
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
        self._rows: deque[_Row] = deque()
        self._waiting = _Waiting()
        self._model = asking.model
        self._common = {
            "prompt": asking.describe(),
            "plugin_version": plugin_version(),
        }
        self.counts = Counts()

    def describe(self, places: Iterable[Place], total: int) -> Counts:
        """Describe all `total` places. A model server is asked for at the first prompt that is not known.

        Raises RsgptError where the run cannot go on; complete rows are written, answers so far remembered.
        """
        self.counts.tiles = total
        self._model = known_model(self._asking.model, self._feedback)
        prompts = self._prompts(places)
        try:
            first = next(prompts, None)
            gateway = open_door(self._model) if first is not None else None
            self._open()
            if gateway is not None and first is not None:
                for index, reply in gateway.ask_many(chain([first], prompts), self._feedback):
                    self._receive(self._waiting.keys[index], reply)
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

    def _prompts(self, places: Iterable[Place]) -> Iterator[Prompt]:
        """What has to be asked, taking pictures as it goes."""
        for place in places:
            if self._feedback.isCanceled():
                raise Cancelled(translate("Rsgpt", "The run was stopped."))
            picture = self._look(place)
            if picture is not None:
                yield from self._unknown(self._rows[-1], picture)
            self._write()

    def _look(self, place: Place) -> Picture | None:
        """Take the place's picture and queue its row; None where there is nothing to ask about."""
        row = _Row(place.feature, [])
        self._rows.append(row)
        try:
            picture = place.picture()
        except ImageryError as error:
            row.status, row.reason = Status.FAILED, str(error)
            return None
        row.provenance = {
            "image_sha256": picture.sha256,
            "gsd_m": picture.gsd_m,
            "bands": picture.bands,
            "stretch": picture.stretch,
        }
        if picture.empty:
            row.status, row.reason = Status.SKIPPED, _why_empty(picture)
            return None
        row.outcomes = [None] * len(self._asking.asked)
        return picture

    def _unknown(self, row: _Row, picture: Picture) -> Iterator[Prompt]:
        """The prompts about a picture that neither memory nor an earlier row answers."""
        asked = [(one.prompt_in(self._asking.language), one.allowed) for one in self._asking.asked]
        keys = [answer_key(self._model, picture.sha256, *one) for one in asked]
        known = self._memory.answers.get(keys)
        if not known.keys() >= set(keys):
            self._memory.pictures.put(picture.sha256, picture.png)
        for slot, (key, (text, choices)) in enumerate(zip(keys, asked)):
            if key in known:
                row.outcomes[slot] = known[key]
                self.counts.cached += 1
            elif self._waiting.join(key, row, slot):
                self.counts.asked += 1
                yield Prompt(picture.png, text, MAX_TOKENS, choices=choices)
            else:
                self.counts.cached += 1

    def _receive(self, key: str, reply: Reply | RsgptError) -> None:
        outcome: Outcome = reply if isinstance(reply, RsgptError) else remembered(reply)
        if isinstance(outcome, RawAnswer):
            self._memory.answers.put({key: outcome})
        for row, slot in self._waiting.slots.pop(key):
            row.outcomes[slot] = outcome
        self._write()

    def _write(self) -> None:
        """Write the complete rows at the head of the queue, as soon as the sink is open."""
        while self._sink is not None and self._rows and self._rows[0].complete:
            row = self._rows.popleft()
            values = self._values(row)
            feature = QgsFeature(row.feature)
            feature.setAttributes(row.feature.attributes() + attributes(self._asking.questions, values))
            if not self._sink.addFeature(feature, QgsFeatureSink.Flag.FastInsert):
                raise OutputError(
                    translate(
                        "Rsgpt", "A row cannot be written to {where} ({cause}). Check the free space there, run again."
                    ).format(where=self._where(), cause=self._sink.lastError())
                )
            self._count(values.status)

    def _count(self, status: Status) -> None:
        self.counts.skipped += status in (Status.SKIPPED, Status.UNSURE)
        self.counts.failed += status is Status.FAILED
        self.counts.answered += status in (Status.ANSWERED, Status.PARTIAL)
        self._feedback.setProgress(100.0 * self.counts.done / max(1, self.counts.tiles))
        self._watch(self.counts)

    def _values(self, row: _Row) -> RowValues:
        told = dict.fromkeys(outcome.model for outcome in row.outcomes if isinstance(outcome, RawAnswer))
        model = ", ".join(filter(None, told)) or self._model.name
        weights = self._model.weights_sha256
        provenance = {**self._common, "model": model, "weights_sha256": weights, **row.provenance}
        if not row.outcomes:
            return RowValues(row.status, row.reason, provenance=provenance)
        raws = [one if isinstance(one, RawAnswer) else RawAnswer("", None, problem=str(one)) for one in row.outcomes]
        return answered_row(self._asking.asked, raws, self._asking.least_confidence, provenance)


def _why_empty(picture: Picture) -> str:
    if picture.bands == RENDERED:
        return translate("Rsgpt", "the layer drew nothing here, in two attempts")
    return translate("Rsgpt", "no valid pixel here")


def answer_key(model: ModelInfo, image_sha256: str, text: str, choices: Sequence[str] = ()) -> str:
    """Under which the answer to `text` about that picture is remembered. choices: the only answers there are."""
    offered: dict[str, Setting] = {"choices": "|".join(choices)} if choices else {}
    return Asked(image_sha256, text, model.name, model.mark, {**_DECODING, **offered}).key()


def remembered(reply: Reply) -> RawAnswer:
    """What of a reply is worth keeping; probabilities that are no numbers are left out.

    A server that says itself how sure it is knows better than what its first token's alternatives tell.
    """
    top = reply.tokens[0].top if reply.tokens and not reply.says_confidence else ()
    return RawAnswer(
        text=reply.text,
        confidence=None if math.isnan(reply.confidence) else reply.confidence,
        first_top=tuple((text, logprob) for text, logprob in top if not math.isnan(logprob)),
        degenerate=reply.degenerate or is_degenerate(reply.text),
        asked_at=datetime.now(timezone.utc).isoformat(timespec="milliseconds"),
        model=reply.model,
    )
