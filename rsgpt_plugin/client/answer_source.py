"""Answers of the model, each asked once: first the answer cache, then the model. Knows no layers, rows and widgets."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from itertools import chain
from typing import Optional, Union

from qgis.core import QgsFeedback

from ..core.answer_cache import AnswerCache
from ..core.answer_keys import AnswerKey, Setting
from ..core.paths import cache_file, picture_file
from ..core.picture_store import PictureStore
from ..errors import Cancelled, RsgptError
from ..shared.answers.questions import Question
from ..shared.answers.typed_answers import RawAnswer, is_degenerate
from ..unexpected import explained
from .backends import known_model, open_backend
from .installed_models import ModelInfo
from .model_identity import check_fingerprint
from .preferences import load
from .server.protocol import Prompt, Reply

_DECODING = {"temperature": 0, "seed": 0}

Outcome = Union[RawAnswer, RsgptError]


@dataclass(frozen=True)
class AnswerMemory:
    """What is kept on disk as a run goes: every answer, and the pictures that were asked about."""

    answers: AnswerCache
    pictures: PictureStore


@contextmanager
def open_memory() -> Iterator[AnswerMemory]:
    """This user's memory, for the calling thread; raises OutputError where it cannot be used."""
    with AnswerCache(cache_file()) as answers, PictureStore(picture_file(), load().picture_bytes) as pictures:
        yield AnswerMemory(answers, pictures)


@dataclass(frozen=True)
class PictureQuery:
    """Questions about one picture. png: encodes the picture, called only if the model has to be asked."""

    image_sha256: str
    png: Callable[[], bytes]
    questions: Sequence[Question]


@dataclass(frozen=True)
class QueryOutcome:
    """The outcome of one question.

    query, question: the indexes of the query and of the question in it. was_known: whether the model was not asked,
    because the answer was in the cache or the same prompt was already on its way.
    """

    query: int
    question: int
    outcome: Outcome
    was_known: bool


class _Waiting:
    """The prompts that the model has been sent. Each key is sent once, whatever the number of pictures with it."""

    def __init__(self) -> None:
        self._keys: list[str] = []
        self._places: dict[str, list[tuple[int, int]]] = {}

    def join(self, key: str, place: tuple[int, int]) -> bool:
        """Wait for `key`; True if it has to be sent."""
        is_new = key not in self._places
        if is_new:
            self._keys.append(key)
        self._places.setdefault(key, []).append(place)
        return is_new

    def take(self, prompt: int) -> tuple[str, list[tuple[int, int]]]:
        """Return the key of that prompt, and who waits for it: the one that sent it first."""
        key = self._keys[prompt]
        return key, self._places.pop(key)


class AnswerSource:
    """Answers of one model. What is in the cache is not asked again; each new answer is cached as it arrives.

    Belongs to the thread that opened `memory`.
    """

    def __init__(
        self, model: ModelInfo, memory: AnswerMemory, language: str = "", feedback: Optional[QgsFeedback] = None
    ) -> None:
        """Identify the model, which may ask its server. language: that text is asked for in, "" for any."""
        self.model = known_model(model, feedback)
        self._memory = memory
        self._language = language
        self._feedback = feedback

    def ask_many(
        self,
        queries: Iterable[PictureQuery],
        receive: Callable[[QueryOutcome], None],
        ready: Callable[[], None] = lambda: None,
    ) -> None:
        """Pass the outcome of every question to `receive`, as it becomes known.

        Queries are taken as they can be sent. ready: called once, when the model can be asked or need not be.
        Raises RsgptError where the run cannot go on, Cancelled among them.
        """
        waiting = _Waiting()
        prompts = self._prompts(queries, waiting, receive)
        first = next(prompts, None)
        door = open_backend(self.model) if first is not None else None
        ready()
        if door is None or first is None:
            return
        for number, reply in door.ask_many(chain([first], prompts), self._feedback):
            key, places = waiting.take(number)
            outcome = reply if isinstance(reply, RsgptError) else self._remember(key, reply)
            for position, place in enumerate(places):
                receive(QueryOutcome(*place, outcome, was_known=position > 0))

    def ask_one(self, query: PictureQuery, on_text: Callable[[str], None]) -> RawAnswer:
        """Return the answer to the first question of `query`.

        on_text: gets each new piece of the model's text; nothing where the answer is known. Raises RsgptError.
        """
        key = self._key(query, query.questions[0])
        known = self._recall([key]).get(key)
        if known is not None:
            return known
        prompt = self._prompt(query.questions[0], query.png())
        outcome = self._remember(key, open_backend(self.model).ask_one(prompt, on_text, self._feedback))
        if isinstance(outcome, RsgptError):
            raise outcome
        return outcome

    def _prompts(
        self, queries: Iterable[PictureQuery], waiting: _Waiting, receive: Callable[[QueryOutcome], None]
    ) -> Iterator[Prompt]:
        """Yield what has to be sent to the model."""
        for number, query in enumerate(queries):
            keys = [self._key(query, question) for question in query.questions]
            known = self._recall(keys)
            png = b"" if known.keys() >= set(keys) else self._encoded(query)
            for index, (key, question) in enumerate(zip(keys, query.questions)):
                if key in known:
                    receive(QueryOutcome(number, index, known[key], was_known=True))
                elif isinstance(png, RsgptError):
                    receive(QueryOutcome(number, index, png, was_known=False))
                elif waiting.join(key, (number, index)):
                    yield self._prompt(question, png)

    def _prompt(self, question: Question, png: bytes) -> Prompt:
        text, is_number = question.prompt_in(self._language), question.type.is_number
        return Prompt(png, text, choices=question.allowed, is_number=is_number)

    def _key(self, query: PictureQuery, question: Question) -> str:
        """The key of an answer in the cache. The choices belong to it: they restrict what the model may write."""
        offered: dict[str, Setting] = {"choices": "|".join(question.allowed)} if question.allowed else {}
        if question.type.is_number:
            offered["number"] = 1
        text, model = question.prompt_in(self._language), self.model
        return AnswerKey(query.image_sha256, text, model.name, model.mark, {**_DECODING, **offered}).key()

    def _recall(self, keys: Sequence[str]) -> dict[str, RawAnswer]:
        try:
            return self._memory.answers.get(keys)
        except RsgptError:
            raise
        except Exception as error:  # what is damaged in the cache is asked again
            explained(error)
            return {}

    def _encoded(self, query: PictureQuery) -> bytes | RsgptError:
        """The picture as PNG, kept on disk, or why there is none."""
        try:
            png = query.png()
        except Cancelled:
            raise
        except RsgptError as error:
            return error
        except Exception as error:  # a picture that cannot be encoded fails its own questions alone
            return RsgptError(explained(error))
        self._memory.pictures.put(query.image_sha256, png)
        return png

    def _remember(self, key: str, reply: Reply) -> Outcome:
        check_fingerprint(self.model, reply)
        try:
            answer = _raw_answer(reply)
        except Exception as error:  # an odd reply fails its own question alone
            return RsgptError(explained(error))
        try:
            self._memory.answers.put({key: answer})
        except RsgptError:
            raise
        except Exception as error:  # an answer that cannot be stored is still an answer
            explained(error)
        return answer


def _raw_answer(reply: Reply) -> RawAnswer:
    """What of a reply is cached; probabilities that are no numbers are left out.

    A server that reports its own confidence knows better than the alternatives of the first token.
    """
    top = reply.tokens[0].top if reply.tokens and not reply.says_confidence else ()
    return RawAnswer(
        text=reply.text,
        confidence=None if math.isnan(reply.confidence) else reply.confidence,
        first_top=tuple((text, logprob) for text, logprob in top if not math.isnan(logprob)),
        degenerate=reply.degenerate or is_degenerate(reply.text),
        asked_at=datetime.now(timezone.utc).isoformat(timespec="milliseconds"),
        model=reply.model,
        is_cut=reply.finish_reason == "length",
    )
