"""The loop of a run: picture, memory, model, row. Knows no parameters, no layers and no tile grid."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from itertools import chain
from typing import Union

from qgis.core import QgsFeature, QgsFeatureSink, QgsFeedback
from qgis.PyQt.QtCore import QCoreApplication

from ..client.gateway import Gateway, local_gateway
from ..client.models import ModelInfo
from ..client.protocol import Prompt, Reply
from ..core.answers import RawAnswer, is_degenerate, read_answer, read_text
from ..core.cache import AnswerCache
from ..core.hashing import Asked
from ..core.paths import plugin_version
from ..core.questions import Question
from ..errors import Cancelled, ImageryError, OutputError, RsgptError
from ..geo.picture import Picture
from ..geo.schema import RowValues, Status, attributes

MAX_TOKENS = 128
_DECODING = {"max_tokens": MAX_TOKENS, "temperature": 0, "seed": 0}

Outcome = Union[RawAnswer, RsgptError]

translate = QCoreApplication.translate


@dataclass(frozen=True)
class Asking:
    """What is asked of every picture. prompt: for the caption, "" for none."""

    model: ModelInfo
    questions: tuple[Question, ...]
    prompt: str

    @property
    def texts(self) -> tuple[str, ...]:
        """The prompts in order: the caption's, where there is one, then the questions'."""
        caption = (self.prompt,) if self.prompt else ()
        return caption + tuple(question.prompt for question in self.questions)

    def describe(self) -> str:
        """For the `prompt` column: the caption's prompt and the questions, one a line."""
        lines = [self.prompt] if self.prompt else []
        return "\n".join(lines + [question.line for question in self.questions])


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

    def as_dict(self) -> dict[str, int]:
        """By name."""
        return asdict(self)


@dataclass
class _Row:
    """A place on its way. picture: None where there is nothing to ask, `status` and `reason` say why."""

    feature: QgsFeature
    picture: Picture | None
    outcomes: list[Outcome | None]
    status: Status = Status.FAILED
    reason: str = ""

    @property
    def complete(self) -> bool:
        return self.picture is None or None not in self.outcomes


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

    Rows reach the sink in the order of the places. A cancel ends the run after the rows that are complete.
    """

    def __init__(self, asking: Asking, cache: AnswerCache, sink: QgsFeatureSink, feedback: QgsFeedback) -> None:
        self._asking = asking
        self._cache = cache
        self._sink = sink
        self._feedback = feedback
        self._rows: deque[_Row] = deque()
        self._waiting = _Waiting()
        self._version = plugin_version()
        self._done = 0
        self.counts = Counts()

    def describe(
        self, places: Iterable[Place], total: int, connect: Callable[[str], Gateway] = local_gateway
    ) -> Counts:
        """Describe all places. `connect` is called with the model's name at the first prompt that is not known.

        Raises RsgptError where the run cannot go on; complete rows are written, answers so far remembered.
        """
        self.counts.tiles = total
        prompts = self._prompts(places)
        try:
            first = next(prompts, None)
            if first is not None:
                gateway = connect(self._asking.model.name)
                for index, reply in gateway.ask_many(chain([first], prompts), self._feedback):
                    self._receive(self._waiting.keys[index], reply)
        except Cancelled:
            self._feedback.pushWarning(translate("Rsgpt", "Stopped. Answers so far are kept; run again to go on."))
        finally:
            self._write()
        return self.counts

    def _prompts(self, places: Iterable[Place]) -> Iterator[Prompt]:
        """What has to be asked, taking pictures as it goes."""
        for place in places:
            if self._feedback.isCanceled():
                raise Cancelled(translate("Rsgpt", "The run was stopped."))
            row = self._look(place)
            self._rows.append(row)
            if row.picture is not None:
                yield from self._unknown(row, row.picture)
            self._write()

    def _look(self, place: Place) -> _Row:
        outcomes: list[Outcome | None] = [None] * len(self._asking.texts)
        try:
            picture = place.picture()
        except ImageryError as error:
            return _Row(place.feature, None, outcomes, Status.FAILED, str(error))
        if picture.empty:
            reason = translate("Rsgpt", "no valid pixel here")
            return _Row(place.feature, None, outcomes, Status.SKIPPED, reason)
        return _Row(place.feature, picture, outcomes)

    def _unknown(self, row: _Row, picture: Picture) -> Iterator[Prompt]:
        keys = [self._key(picture, text) for text in self._asking.texts]
        known = self._cache.get(keys)
        for slot, (key, text) in enumerate(zip(keys, self._asking.texts)):
            if key in known:
                row.outcomes[slot] = known[key]
                self.counts.cached += 1
            elif self._waiting.join(key, row, slot):
                self.counts.asked += 1
                yield Prompt(picture.png, text, MAX_TOKENS)

    def _key(self, picture: Picture, text: str) -> str:
        model = self._asking.model
        return Asked(picture.sha256, text, model.name, model.weights_sha256, _DECODING).key()

    def _receive(self, key: str, reply: Reply | RsgptError) -> None:
        outcome: Outcome = reply if isinstance(reply, RsgptError) else _remembered(reply)
        if isinstance(outcome, RawAnswer):
            self._cache.put({key: outcome})
        for row, slot in self._waiting.slots.pop(key):
            row.outcomes[slot] = outcome
        self._write()

    def _write(self) -> None:
        """Write the complete rows at the head of the queue."""
        while self._rows and self._rows[0].complete:
            row = self._rows.popleft()
            values = self._values(row)
            feature = QgsFeature(row.feature)
            feature.setAttributes(row.feature.attributes() + attributes(self._asking.questions, values))
            if not self._sink.addFeature(feature, QgsFeatureSink.Flag.FastInsert):
                raise OutputError(
                    translate("Rsgpt", "A row cannot be written ({cause}). Check the free space, run again.").format(
                        cause=self._sink.lastError()
                    )
                )
            self._count(values.status)

    def _count(self, status: Status) -> None:
        self._done += 1
        self.counts.skipped += status is Status.SKIPPED
        self.counts.failed += status is Status.FAILED
        self.counts.answered += status in (Status.ANSWERED, Status.PARTIAL)
        self._feedback.setProgress(100.0 * self._done / max(1, self.counts.tiles))

    def _values(self, row: _Row) -> RowValues:
        if row.picture is None:
            return RowValues(row.status, row.reason, provenance=self._common())
        problems, typed = [], {}
        for name, outcome, question in zip(self._names(), row.outcomes, self._with_caption()):
            if isinstance(outcome, RawAnswer):
                typed[name] = read_answer(question, outcome) if question else read_text(outcome)
                problem = typed[name].problem
            else:
                problem = str(outcome)
            problems += [f"{name}: {problem}"] if problem else []
        answered = sum(answer.value is not None for answer in typed.values())
        status = Status.FAILED if not answered else Status.PARTIAL if problems else Status.ANSWERED
        caption = typed.pop("caption", None)
        return RowValues(status, "; ".join(problems), caption, typed, self._provenance(row, row.picture))

    def _with_caption(self) -> list[Question | None]:
        return [*([None] if self._asking.prompt else []), *self._asking.questions]

    def _names(self) -> list[str]:
        return [question.name if question else "caption" for question in self._with_caption()]

    def _common(self) -> dict[str, str | float]:
        model = self._asking.model
        return {
            "model": model.name,
            "weights_sha256": model.weights_sha256,
            "prompt": self._asking.describe(),
            "plugin_version": self._version,
        }

    def _provenance(self, row: _Row, picture: Picture) -> dict[str, str | float]:
        moments = [outcome.asked_at for outcome in row.outcomes if isinstance(outcome, RawAnswer)]
        return {
            **self._common(),
            "image_sha256": picture.sha256,
            "gsd_m": picture.gsd_m,
            "bands": picture.bands,
            "stretch": picture.stretch,
            "asked_at": max(moments, default=""),
        }


def _remembered(reply: Reply) -> RawAnswer:
    """What of a reply is worth keeping; probabilities that are no numbers are left out."""
    top = reply.tokens[0].top if reply.tokens else ()
    return RawAnswer(
        text=reply.text,
        confidence=None if math.isnan(reply.confidence) else reply.confidence,
        first_top=tuple((text, logprob) for text, logprob in top if not math.isnan(logprob)),
        degenerate=reply.degenerate or is_degenerate(reply.text),
        asked_at=datetime.now(timezone.utc).isoformat(timespec="milliseconds"),
    )
