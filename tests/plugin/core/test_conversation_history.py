"""Conversation history: restarts, two windows and deletion."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from rsgpt_plugin.core import conversation_history
from rsgpt_plugin.core.conversation_history import CapturedView, ConversationMessage, History, SavedConversation
from rsgpt_plugin.shared.answers.answer_types import AnswerType
from rsgpt_plugin.shared.answers.questions import Question

VIEW = CapturedView(
    "id1", "ortho", 'PROJCRS["x"]', (1.0, 2.0, 3.5, 4.0), "ab" * 32, (300, 200), (150, 100), 0.6, "1,2,3"
)
HARBOR = Question("answer", "Is there a 'harbour'?", AnswerType.YESNO)
FIRST = ConversationMessage(
    "Describe this image.", "", 'boats "and" 城市', 0.75, "", "rsgpt-small", "ff", "2025-01-02T03:04:05+00:00"
)
SECOND = ConversationMessage(HARBOR.text, HARBOR.line, "", 0.4, "I can't tell", "rsgpt-small")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "history.sqlite"


@pytest.mark.parametrize("view", [VIEW, replace(VIEW, corners=((1.0, 3.0), (2.0, 4.0), (2.5, 2.0)))])
def test_a_conversation_is_equal_after_reopening(path: Path, view: CapturedView) -> None:
    with History(path) as history:
        history.add("a", view, FIRST)
        history.add("a", view, SECOND)
    with History(path) as history:
        assert history.listed() == [SavedConversation("a", view, (FIRST, SECOND))]


def test_a_message_has_its_question() -> None:
    assert (FIRST.question, SECOND.question) == (None, HARBOR)


@pytest.mark.parametrize("text", ["Is it red?; [yesno]: Is it big?", "Which; use[1]: big?"])
def test_semicolons_in_a_stored_question_are_text(text: str) -> None:
    question = Question("answer", text, AnswerType.YESNO)
    assert ConversationMessage(text, question.line).question == question


def test_the_most_recently_used_conversation_comes_first(path: Path) -> None:
    with History(path) as history:
        history.add("old", VIEW, FIRST)
        history.add("new", VIEW, FIRST)
        assert [saved.id for saved in history.listed()] == ["new", "old"]
        history.add("old", VIEW, SECOND)
        assert [saved.id for saved in history.listed()] == ["old", "new"]


def test_deletions_are_visible_in_other_windows(path: Path) -> None:
    with History(path) as here, History(path) as there:
        here.add("gone", VIEW, FIRST)
        there.add("kept", VIEW, SECOND)
        there.delete("gone")
        assert [saved.id for saved in here.listed()] == ["kept"]
        here.add("gone", VIEW, SECOND)  # a window adds to a conversation that another has deleted
        assert {saved.id: saved.messages for saved in there.listed()} == {"gone": (SECOND,), "kept": (SECOND,)}
        here.delete_all()
        assert there.listed() == []


def test_a_place_without_a_resolution_and_with_odd_text_is_equal_after_reopening(path: Path) -> None:
    view = CapturedView("\"id'", "城市 \n", "", (-180.0, -90.0, 1e-9, 1e300), "", (0, 0), (1, 1), 0.0)
    message = ConversationMessage('\0 \'quoted\' "twice" {"json": 1}', confidence=None)
    with History(path) as history:
        history.add("'; DROP TABLE messages; --", view, message)
    with History(path) as history:
        (saved,) = history.listed()
    assert saved == SavedConversation("'; DROP TABLE messages; --", view, (message,))
    assert isinstance(saved.captured_view.extent, tuple)


def test_a_conversation_keeps_the_place_of_its_first_message(path: Path) -> None:
    with History(path) as history:
        history.add("a", VIEW, FIRST)
        history.add("a", replace(VIEW, layer_name="moved"), SECOND)
        assert [saved.captured_view.layer_name for saved in history.listed()] == ["ortho"]


def test_the_latest_conversations_are_listed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation_history, "_MAX_LISTED", 3)
    with History(path) as history:
        for number in range(5):
            history.add(f"{number}", VIEW, FIRST)
        history.add("1", VIEW, SECOND)
        assert [saved.id for saved in history.listed()] == ["1", "4", "3"]
        history.delete("4")
        assert [saved.id for saved in history.listed()] == ["1", "3", "2"]


def test_deleting_an_unknown_conversation_changes_nothing(path: Path) -> None:
    with History(path) as history:
        history.add("a", VIEW, FIRST)
        history.delete("b")
        assert [saved.id for saved in history.listed()] == ["a"]


def test_an_empty_history_lists_nothing(path: Path) -> None:
    with History(path) as history:
        assert history.listed() == []
        history.delete_all()
        assert history.listed() == []
