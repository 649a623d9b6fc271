"""Answers to questions about pictures, from the answer cache or else from the model."""

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
from ..shared.objects.task_replies import is_reply_to
from ..unexpected import log_unexpected
from .backends import identified_model, open_backend
from .installed_models import ModelInfo
from .model_identity import check_fingerprint
from .preferences import load
from .server.protocol import Prompt, Reply

_DECODING = {"temperature": 0, "seed": 0}

Outcome = Union[RawAnswer, RsgptError]


@dataclass(frozen=True)
class AnswerMemory:
    """The stores on disk that a run fills: answers, and the pictures that the model was shown."""

    answers: AnswerCache
    pictures: PictureStore


@contextmanager
def open_memory() -> Iterator[AnswerMemory]:
    """Open the current user's stores for the calling thread. Raises OutputError if they cannot be used."""
    with AnswerCache(cache_file()) as answers, PictureStore(picture_file(), load().picture_bytes) as pictures:
        yield AnswerMemory(answers, pictures)


@dataclass(frozen=True)
class PictureQuery:
    """Questions about one picture. png: encodes the picture; called only if the model must be asked.

    gsd_m: meters per pixel of the picture, None or 0 if unknown.
    """

    image_sha256: str
    png: Callable[[], bytes]
    questions: Sequence[Question]
    gsd_m: Optional[float] = None


@dataclass(frozen=True)
class QueryOutcome:
    """The outcome of one question.

    query, question: index of the query, and index of the question in the query. is_reused: True if the model was not
    asked, because the answer was cached, the same prompt was already in flight, or the question is beyond its limits.
    """

    query: int
    question: int
    outcome: Outcome
    is_reused: bool


class _Waiting:
    """Prompts in flight. Each key is sent once, even if several pictures share it."""

    def __init__(self) -> None:
        self._sent: list[tuple[str, str]] = []
        self._places: dict[str, list[tuple[int, int]]] = {}

    def join(self, key: str, task: str, place: tuple[int, int]) -> bool:
        """Register `place` as waiting for `key`. Return True if the key has not been sent yet."""
        is_new = key not in self._places
        if is_new:
            self._sent.append((key, task))
        self._places.setdefault(key, []).append(place)
        return is_new

    def take(self, prompt: int) -> tuple[str, str, list[tuple[int, int]]]:
        """Remove a prompt. Return its key, its task, and the places that wait for it, the sender's first."""
        key, task = self._sent[prompt]
        return key, task, self._places.pop(key)


class AnswerSource:
    """Answers of one model. Cached answers are not requested again; each new answer is cached when it arrives.

    Use it only in the thread that opened `memory`.
    """

    def __init__(
        self, model: ModelInfo, memory: AnswerMemory, language: str = "", feedback: Optional[QgsFeedback] = None
    ) -> None:
        """Identify the model; this may contact its server. language: English name of the language of the answers."""
        self.model = identified_model(model, feedback)
        self._memory = memory
        self._language = language
        self._feedback = feedback

    def ask_many(
        self,
        queries: Iterable[PictureQuery],
        receive: Callable[[QueryOutcome], None],
        ready: Callable[[], None] = lambda: None,
    ) -> None:
        """Pass the outcome of every question to `receive` as soon as it is available.

        Queries are consumed only as fast as they can be sent. ready: called once, when the backend is open or all
        answers were cached. Raises RsgptError if the run cannot continue, and Cancelled on cancel.
        """
        waiting = _Waiting()
        prompts = self._prompts(queries, waiting, receive)
        first = next(prompts, None)
        backend = open_backend(self.model) if first is not None else None
        ready()
        if backend is None or first is None:
            return
        for number, reply in backend.ask_many(chain([first], prompts), self._feedback):
            key, task, places = waiting.take(number)
            outcome = reply if isinstance(reply, RsgptError) else self._remember(key, task, reply)
            for position, place in enumerate(places):
                receive(QueryOutcome(*place, outcome, is_reused=position > 0))

    def ask_one(self, query: PictureQuery, on_text: Callable[[str], None]) -> RawAnswer:
        """Return the answer to the first question of `query`.

        on_text: receives each new piece of the model's text; not called for a cached answer. Raises RsgptError.
        """
        refused = self._refused(query.questions[0])
        if refused is not None:
            return refused
        key, task = self._key(query, query.questions[0]), query.questions[0].task
        cached = self._recall([key]).get(key)
        if cached is not None:
            return cached
        prompt = self._prompt(query, query.questions[0], query.png())
        outcome = self._remember(key, task, open_backend(self.model).ask_one(prompt, on_text, self._feedback))
        if isinstance(outcome, RsgptError):
            raise outcome
        return outcome

    def _prompts(
        self, queries: Iterable[PictureQuery], waiting: _Waiting, receive: Callable[[QueryOutcome], None]
    ) -> Iterator[Prompt]:
        """Yield the prompts that must be sent to the model; pass cached answers and errors to `receive`."""
        for number, query in enumerate(queries):
            keys = [self._key(query, question) for question in query.questions]
            cached = self._recall(keys)
            refused = {key: answer for key, answer in zip(keys, map(self._refused, query.questions)) if answer}
            cached.update(refused)
            png = b"" if cached.keys() >= set(keys) else self._encoded(query)
            for index, (key, question) in enumerate(zip(keys, query.questions)):
                if key in cached:
                    receive(QueryOutcome(number, index, cached[key], is_reused=True))
                elif isinstance(png, RsgptError):
                    receive(QueryOutcome(number, index, png, is_reused=False))
                elif waiting.join(key, question.task, (number, index)):
                    yield self._prompt(query, question, png)

    def _refused(self, question: Question) -> Optional[RawAnswer]:
        """Return the answer to a question beyond the limits of the model, which is not sent; None for the others."""
        limits = self.model.limits
        refusal = limits.refusal(question) if limits is not None and not question.task else ""
        return RawAnswer("", None, problem=refusal) if refusal else None

    def _prompt(self, query: PictureQuery, question: Question, png: bytes) -> Prompt:
        text, is_whole_number = question.prompt_in(self._language), question.type.is_whole_number
        gsd_m = self.model.sent_gsd(query.gsd_m)
        return Prompt(
            png, text, choices=question.allowed, is_whole_number=is_whole_number, gsd_m=gsd_m, task=question.task
        )

    def _key(self, query: PictureQuery, question: Question) -> str:
        """Return the cache key of an answer. It covers the choices, because they restrict what the model may write.

        It covers the ground resolution only for a model that reads it, so that other models keep their answers.
        """
        constraints: dict[str, Setting] = {"choices": "|".join(question.allowed)} if question.allowed else {}
        if question.type.is_whole_number:
            constraints["number"] = 1
        if question.task:
            constraints["task"] = question.task
        gsd_m = self.model.sent_gsd(query.gsd_m)
        if gsd_m is not None and self.model.reads_gsd:
            constraints["gsd_m"] = gsd_m
        text, model = question.prompt_in(self._language), self.model
        return AnswerKey(query.image_sha256, text, model.name, model.mark, {**_DECODING, **constraints}).key()

    def _recall(self, keys: Sequence[str]) -> dict[str, RawAnswer]:
        try:
            return self._memory.answers.get(keys)
        except RsgptError:
            raise
        except Exception as error:  # request damaged cache entries again
            log_unexpected(error)
            return {}

    def _encoded(self, query: PictureQuery) -> bytes | RsgptError:
        """Store the picture on disk and return it as PNG, or return the error that prevented it."""
        try:
            png = query.png()
        except Cancelled:
            raise
        except RsgptError as error:
            return error
        except Exception as error:  # fail only the questions about this picture
            return RsgptError(log_unexpected(error))
        self._memory.pictures.put(query.image_sha256, png)
        return png

    def _remember(self, key: str, task: str, reply: Reply) -> Outcome:
        """Return the answer in a reply, and store it unless the task cannot use it: it would fail forever."""
        check_fingerprint(self.model, reply)
        try:
            answer = _raw_answer(reply)
        except Exception as error:  # fail only this question
            return RsgptError(log_unexpected(error))
        if not is_reply_to(task, answer.text):
            return answer
        try:
            self._memory.answers.put({key: answer})
        except RsgptError:
            raise
        except Exception as error:  # the answer is valid even if it cannot be stored
            log_unexpected(error)
        return answer


def _raw_answer(reply: Reply) -> RawAnswer:
    """Return the part of a reply that is cached. NaN probabilities are left out.

    A confidence reported by the server takes precedence over the alternatives of the first token.
    """
    top = reply.tokens[0].top if reply.tokens and not reply.reports_confidence else ()
    return RawAnswer(
        text=reply.text,
        confidence=None if math.isnan(reply.confidence) else reply.confidence,
        first_top=tuple((text, logprob) for text, logprob in top if not math.isnan(logprob)),
        degenerate=reply.degenerate or is_degenerate(reply.text),
        asked_at=datetime.now(timezone.utc).isoformat(timespec="milliseconds"),
        model=reply.model,
        is_cut=reply.finish_reason == "length",
        is_unusual=reply.is_unusual,
        answered_by=reply.answered_by,
    )
