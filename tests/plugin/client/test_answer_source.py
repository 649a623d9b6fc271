"""One source of answers for runs and conversations: the cache first, the model for the rest."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Optional, Union

import pytest
from qgis.core import QgsFeedback

from rsgpt_plugin.client import answer_source
from rsgpt_plugin.client.answer_source import AnswerMemory, AnswerSource, PictureQuery, QueryOutcome
from rsgpt_plugin.client.installed_models import ModelInfo
from rsgpt_plugin.client.server.protocol import Prompt, Reply
from rsgpt_plugin.core.answer_cache import AnswerCache
from rsgpt_plugin.core.picture_store import PictureStore
from rsgpt_plugin.errors import OutputError, RsgptError, ServerError
from rsgpt_plugin.shared.answers.questions import parse_questions

MODEL = ModelInfo("rsgpt-small", "ab" * 32)
QUESTIONS = parse_questions("what: What is it?\nuse[choice(city|forest)]: Which?")


class ScriptedModel:
    """Answers with the prompt's words, the latest first; refuses those that contain `refuses`."""

    def __init__(self) -> None:
        self.prompts: list[Prompt] = []
        self.refuses = "nothing"

    def _reply(self, prompt: Prompt) -> Union[Reply, RsgptError]:
        self.prompts.append(prompt)
        if self.refuses in prompt.text:
            return ServerError("No.")
        return Reply(f"{prompt.text} {prompt.image.decode()}", 0.5, (), "stop", False, "m")

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
    made = ScriptedModel()
    monkeypatch.setattr(answer_source, "open_backend", lambda info: made)
    monkeypatch.setattr(answer_source, "known_model", lambda model, feedback: model)
    return made


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[AnswerMemory]:
    with AnswerCache(tmp_path / "a.sqlite") as known, PictureStore(tmp_path / "p.sqlite", 1_000_000) as pictures:
        yield AnswerMemory(known, pictures)


def query(name: str) -> PictureQuery:
    return PictureQuery(name * 64, name.encode, QUESTIONS)


def asked(memory: AnswerMemory, *names: str, language: str = "") -> list[QueryOutcome]:
    """What is found for these pictures, in the order of pictures and questions."""
    found: list[QueryOutcome] = []
    AnswerSource(MODEL, memory, language).ask_many([query(name) for name in names], found.append)
    return sorted(found, key=lambda one: (one.query, one.question))


def texts(found: list[QueryOutcome]) -> list[str]:
    return [one.outcome.text if not isinstance(one.outcome, RsgptError) else str(one.outcome) for one in found]


def test_every_question_gets_its_own_answer_and_is_asked_once(memory: AnswerMemory, model: ScriptedModel) -> None:
    said = ["What is it? a", "Which? Choose one of: city, forest. a"]
    first = asked(memory, "a", "a")
    assert texts(first) == said * 2
    assert [one.was_known for one in first] == [False, False, True, True]
    second = asked(memory, "a")
    assert (texts(second), [one.was_known for one in second]) == (said, [True, True])
    assert [prompt.choices for prompt in model.prompts] == [("city", "forest"), ()]
    assert memory.pictures.get("a" * 64) == b"a"


def test_an_error_is_told_and_not_remembered(memory: AnswerMemory, model: ScriptedModel) -> None:
    model.refuses = "What"
    assert texts(asked(memory, "a")) == ["No.", "Which? Choose one of: city, forest. a"]
    model.refuses = "nothing"
    assert [one.was_known for one in asked(memory, "a")] == [False, True]


def test_another_language_is_another_question(memory: AnswerMemory, model: ScriptedModel) -> None:
    asked(memory, "a")
    found = asked(memory, "a", language="German")
    assert texts(found)[0] == "What is it? Answer in German. a"
    assert [one.was_known for one in found] == [False, True]  # choices are English words


def test_the_model_is_ready_before_its_first_answer_and_without_one(memory: AnswerMemory, model: ScriptedModel) -> None:
    order: list[str] = []
    for _ in range(2):
        source = AnswerSource(MODEL, memory)
        source.ask_many([query("a")], lambda found: order.append("answer"), lambda: order.append("ready"))
    assert order == ["ready", "answer", "answer", "answer", "answer", "ready"]


def test_what_is_damaged_in_the_cache_is_asked_again(
    memory: AnswerMemory, model: ScriptedModel, tmp_path: Path
) -> None:
    asked(memory, "a", "b")
    with closing(sqlite3.connect(tmp_path / "a.sqlite")) as connection:
        connection.execute("UPDATE answers SET first_top = 'no JSON' WHERE text = 'What is it? a'")
        connection.commit()
    found = asked(memory, "a", "b")
    assert [one.was_known for one in found] == [False, False, True, True]
    assert texts(found) == texts(asked(memory, "a", "b"))


@pytest.mark.parametrize("confidence", [0.5, "high"])
def test_an_answer_that_cannot_be_stored_is_told_and_an_odd_reply_fails_alone(
    memory: AnswerMemory, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch, confidence: float
) -> None:
    def reply(prompt: Prompt) -> Reply:
        odd = prompt.image == b"a"
        text = "half \ud83d" if odd else "whole"
        return Reply(text, confidence if odd else 0.5, (), "stop", False, "m")

    monkeypatch.setattr(model, "_reply", reply)
    told = ["half \ud83d"] if confidence == 0.5 else ["Unexpected error TypeError"]
    found = texts(asked(memory, "a", "b"))
    assert [text.partition(":")[0] for text in found] == told * 2 + ["whole"] * 2
    with pytest.raises(RsgptError, match="Unexpected") if confidence == "high" else nullcontext():
        assert AnswerSource(MODEL, memory).ask_one(query("a"), lambda text: None).text == "half \ud83d"


def test_a_broken_disk_ends_the_run_in_its_own_sentence(
    memory: AnswerMemory, model: ScriptedModel, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / "a.sqlite")) as connection:
        connection.execute("DROP TABLE answers")
        connection.commit()
    with pytest.raises(OutputError, match="The answer cache .* cannot be used"):
        asked(memory, "a")


def test_a_conversation_and_a_run_share_answers(memory: AnswerMemory, model: ScriptedModel) -> None:
    heard: list[str] = []
    source = AnswerSource(MODEL, memory)
    assert source.ask_one(query("a"), heard.append).text == "What is it? a"
    assert source.ask_one(query("a"), heard.append).text == "What is it? a"
    assert heard == ["What is it? a"]
    assert [one.was_known for one in asked(memory, "a")] == [True, False]
