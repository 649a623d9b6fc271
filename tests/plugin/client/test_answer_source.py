"""Answers for runs and conversations, from the cache or from a scripted model."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, Optional, Union

import pytest
from qgis.core import QgsFeedback

from rsgpt_plugin.client import answer_source
from rsgpt_plugin.client.answer_source import AnswerMemory, AnswerSource, PictureQuery, QueryOutcome
from rsgpt_plugin.client.installed_models import ModelInfo
from rsgpt_plugin.client.server.protocol import Prompt, Reply
from rsgpt_plugin.core.answer_cache import AnswerCache
from rsgpt_plugin.core.picture_store import PictureStore
from rsgpt_plugin.errors import OutputError, RsgptError, ServerError
from rsgpt_plugin.shared.answers.questions import Question, parse_questions
from rsgpt_plugin.shared.answers.typed_answers import RawAnswer
from rsgpt_plugin.shared.objects.found_text import FoundInPicture, found_text

MODEL = ModelInfo("rsgpt-small", "ab" * 32)
QUESTIONS = parse_questions("what: What is it?\nuse[choice(city|forest)]: Which?")


class ScriptedModel:
    """Answers with the text of the prompt, the last prompt first. Refuses prompts that contain `refuses`."""

    def __init__(self) -> None:
        self.prompts: list[Prompt] = []
        self.refuses = "nothing"
        self.task_reply = found_text(FoundInPicture(8, 8, {}))

    def _reply(self, prompt: Prompt) -> Union[Reply, RsgptError]:
        self.prompts.append(prompt)
        if self.refuses in prompt.text:
            return ServerError("No.")
        text = self.task_reply if prompt.task else f"{prompt.text} {prompt.image.decode()}"
        return Reply(text, 0.5, (), "stop", False, "m")

    def ask_many(
        self, prompts: Iterable[Prompt], feedback: Optional[QgsFeedback]
    ) -> Iterator[tuple[int, Union[Reply, RsgptError]]]:
        for index, prompt in reversed(list(enumerate(prompts))):
            yield index, self._reply(prompt)

    def ask_one(self, prompt: Prompt, on_text: Callable[[str], None], feedback: Optional[QgsFeedback]) -> Reply:
        reply = self._reply(prompt)
        if isinstance(reply, RsgptError):
            raise reply
        on_text(reply.text)
        return reply


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> ScriptedModel:
    scripted = ScriptedModel()
    monkeypatch.setattr(answer_source, "open_backend", lambda info: scripted)
    monkeypatch.setattr(answer_source, "identified_model", lambda model, feedback: model)
    return scripted


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[AnswerMemory]:
    with AnswerCache(tmp_path / "a.sqlite") as answers, PictureStore(tmp_path / "p.sqlite", 1_000_000) as pictures:
        yield AnswerMemory(answers, pictures)


def query(name: str, gsd_m: Optional[float] = None) -> PictureQuery:
    return PictureQuery(name * 64, name.encode, QUESTIONS, gsd_m)


def ask(memory: AnswerMemory, *names: str, language: str = "") -> list[QueryOutcome]:
    """Return the outcomes for these pictures, in the order of pictures and questions."""
    outcomes: list[QueryOutcome] = []
    AnswerSource(MODEL, memory, language).ask_many([query(name) for name in names], outcomes.append)
    return sorted(outcomes, key=lambda outcome: (outcome.query, outcome.question))


def texts(outcomes: list[QueryOutcome]) -> list[str]:
    results = [outcome.outcome for outcome in outcomes]
    return [str(result) if isinstance(result, RsgptError) else result.text for result in results]


def reused(outcomes: list[QueryOutcome]) -> list[bool]:
    return [outcome.is_reused for outcome in outcomes]


def test_every_question_gets_its_own_answer_and_is_asked_once(memory: AnswerMemory, model: ScriptedModel) -> None:
    expected = ["What is it? a", "Which? Choose one of: city, forest. a"]
    first = ask(memory, "a", "a")
    assert texts(first) == expected * 2
    assert reused(first) == [False, False, True, True]
    second = ask(memory, "a")
    assert (texts(second), reused(second)) == (expected, [True, True])
    assert [prompt.choices for prompt in model.prompts] == [("city", "forest"), ()]
    assert memory.pictures.get("a" * 64) == b"a"


def test_an_error_is_passed_on_and_not_cached(memory: AnswerMemory, model: ScriptedModel) -> None:
    model.refuses = "What"
    assert texts(ask(memory, "a")) == ["No.", "Which? Choose one of: city, forest. a"]
    model.refuses = "nothing"
    assert reused(ask(memory, "a")) == [False, True]


def test_another_language_is_another_question(memory: AnswerMemory, model: ScriptedModel) -> None:
    ask(memory, "a")
    outcomes = ask(memory, "a", language="German")
    assert texts(outcomes)[0] == "What is it? Answer in German. a"
    assert reused(outcomes) == [False, True]  # choices are not translated


def test_ready_is_called_before_the_first_answer_and_without_requests(
    memory: AnswerMemory, model: ScriptedModel
) -> None:
    order: list[str] = []
    for _ in range(2):
        source = AnswerSource(MODEL, memory)
        source.ask_many([query("a")], lambda outcome: order.append("answer"), lambda: order.append("ready"))
    assert order == ["ready", "answer", "answer", "answer", "answer", "ready"]


def test_damaged_cache_entries_are_requested_again(memory: AnswerMemory, model: ScriptedModel, tmp_path: Path) -> None:
    ask(memory, "a", "b")
    with closing(sqlite3.connect(tmp_path / "a.sqlite")) as connection:
        connection.execute("UPDATE answers SET first_top = 'no JSON' WHERE text = 'What is it? a'")
        connection.commit()
    outcomes = ask(memory, "a", "b")
    assert reused(outcomes) == [False, False, True, True]
    assert texts(outcomes) == texts(ask(memory, "a", "b"))


@pytest.mark.parametrize("confidence", [0.5, "high"])
def test_an_answer_that_cannot_be_cached_is_returned_and_an_invalid_reply_fails_alone(
    memory: AnswerMemory, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch, confidence: Any
) -> None:
    def reply(prompt: Prompt) -> Reply:
        is_invalid = prompt.image == b"a"
        text = "half \ud83d" if is_invalid else "whole"
        return Reply(text, confidence if is_invalid else 0.5, (), "stop", False, "m")

    monkeypatch.setattr(model, "_reply", reply)
    expected = ["half \ud83d"] if confidence == 0.5 else ["Unexpected error TypeError"]
    results = texts(ask(memory, "a", "b"))
    assert [text.partition(":")[0] for text in results] == expected * 2 + ["whole"] * 2
    with pytest.raises(RsgptError, match="Unexpected") if confidence == "high" else nullcontext():
        assert AnswerSource(MODEL, memory).ask_one(query("a"), lambda text: None).text == "half \ud83d"


def test_a_broken_cache_ends_the_run_with_output_error(
    memory: AnswerMemory, model: ScriptedModel, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / "a.sqlite")) as connection:
        connection.execute("DROP TABLE answers")
        connection.commit()
    with pytest.raises(OutputError, match="The answer cache .* cannot be used"):
        ask(memory, "a")


def test_a_conversation_and_a_run_share_answers(memory: AnswerMemory, model: ScriptedModel) -> None:
    pieces: list[str] = []
    source = AnswerSource(MODEL, memory)
    assert source.ask_one(query("a"), pieces.append).text == "What is it? a"
    assert source.ask_one(query("a"), pieces.append).text == "What is it? a"
    assert pieces == ["What is it? a"]
    assert reused(ask(memory, "a")) == [True, False]


def ask_at(memory: AnswerMemory, info: ModelInfo, *resolutions: Optional[float]) -> list[bool]:
    """Ask about one picture at each resolution; return whether each first question was reused."""
    outcomes: list[QueryOutcome] = []
    AnswerSource(info, memory).ask_many([query("a", gsd_m) for gsd_m in resolutions], outcomes.append)
    return [outcome.is_reused for outcome in sorted(outcomes, key=lambda each: each.query) if not outcome.question]


def test_another_resolution_is_another_question_to_a_model_that_reads_it(
    memory: AnswerMemory, model: ScriptedModel
) -> None:
    reader = replace(MODEL, reads_gsd=True)
    assert ask_at(memory, reader, 0.3, 0.30000001, 10.0, None) == [False, True, False, False]
    assert {prompt.gsd_m for prompt in model.prompts} == {0.3, 10.0, None}
    assert ask_at(memory, reader, 10.0, None, 0.5) == [True, True, False]


def test_a_model_that_does_not_read_the_resolution_keeps_its_answers(
    memory: AnswerMemory, model: ScriptedModel
) -> None:
    assert ask_at(memory, MODEL, None) == [False]
    assert ask_at(memory, MODEL, 0.3, 10.0) == [True, True]
    assert ask_at(memory, replace(MODEL, fingerprint="cd" * 8), 0.3, 10.0) == [False, True]
    assert model.prompts[-1].gsd_m == 0.3


def test_a_conversation_sends_the_resolution(memory: AnswerMemory, model: ScriptedModel) -> None:
    AnswerSource(MODEL, memory).ask_one(query("a", 0.3), lambda text: None)
    assert [prompt.gsd_m for prompt in model.prompts] == [0.3]


def test_a_task_is_sent_and_has_its_own_answer(memory: AnswerMemory, model: ScriptedModel) -> None:
    source = AnswerSource(MODEL, memory)
    received: list[QueryOutcome] = []
    questions = [Question("objects", "", task=task) for task in ("find", "find_window", "")]
    for _ in range(2):
        source.ask_many([PictureQuery("a" * 64, lambda: b"a", questions)], received.append)
    assert sorted(prompt.task for prompt in model.prompts) == ["", "find", "find_window"]
    assert len(received) == 6


def test_a_reply_that_is_no_answer_to_its_task_is_requested_again(memory: AnswerMemory, model: ScriptedModel) -> None:
    source, task = (
        AnswerSource(MODEL, memory),
        PictureQuery("a" * 64, lambda: b"a", [Question("objects", "", task="find")]),
    )
    received: list[QueryOutcome] = []
    model.task_reply = "a car"
    source.ask_many([task], received.append)
    assert source.ask_one(task, lambda text: None).text == "a car"
    model.task_reply = found_text(FoundInPicture(8, 8, {}))
    for _ in range(2):
        assert source.ask_one(task, lambda text: None).text == model.task_reply
    assert len(model.prompts) == 3


def test_a_question_beyond_the_limits_of_the_model_is_not_sent(memory: AnswerMemory, model: ScriptedModel) -> None:
    received: list[QueryOutcome] = []
    source = AnswerSource(MODEL, memory)
    questions = parse_questions("what: What is it?\nwhy: Why is it red?")
    source.ask_many([PictureQuery("a" * 64, lambda: b"a", questions)], received.append)
    answers = {result.question: result.outcome for result in received}
    refusal = RawAnswer("", None, problem="rsgpt-small cannot tell a reason from a picture")
    assert answers[1] == refusal
    assert [prompt.text for prompt in model.prompts] == ["What is it?"]
    assert source.ask_one(PictureQuery("a" * 64, lambda: b"a", questions[1:]), lambda text: None) == refusal
    own = AnswerSource(replace(MODEL, folder="somewhere"), memory)
    own.ask_many([PictureQuery("b" * 64, lambda: b"b", questions[1:])], received.append)
    assert model.prompts[-1].text == "Why is it red?"
