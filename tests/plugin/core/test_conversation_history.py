"""The history: what a restart brings back, what two windows share, what is gone when it is deleted."""

from __future__ import annotations

from pathlib import Path

import pytest

from rsgpt_plugin.core.conversation_history import CapturedView, ConversationMessage, History, SavedConversation
from rsgpt_plugin.shared.answers.questions import AnswerType, Question

SIGHT = CapturedView(
    "id1", "ortho", 'PROJCRS["x"]', (1.0, 2.0, 3.5, 4.0), "ab" * 32, (300, 200), (150, 100), 0.6, "1,2,3"
)
HARBOUR = Question("answer", "Is there a 'harbour'?", AnswerType.YESNO)
FIRST = ConversationMessage(
    "Describe this image.", "", 'boats "and" 城市', 0.75, "", "rsgpt-small", "ff", "2025-01-02T03:04:05+00:00"
)
SECOND = ConversationMessage(HARBOUR.text, HARBOUR.line, "", 0.4, "I can't tell", "rsgpt-small")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "history.sqlite"


def test_a_conversation_comes_back_equal_after_a_restart(path: Path) -> None:
    with History(path) as history:
        history.add("a", SIGHT, FIRST)
        history.add("a", SIGHT, SECOND)
    with History(path) as history:
        assert history.listed() == [SavedConversation("a", SIGHT, (FIRST, SECOND))]


def test_a_message_knows_its_question() -> None:
    assert (FIRST.question, SECOND.question) == (None, HARBOUR)


def test_the_last_one_spoken_in_comes_first(path: Path) -> None:
    with History(path) as history:
        history.add("old", SIGHT, FIRST)
        history.add("new", SIGHT, FIRST)
        assert [past.id for past in history.listed()] == ["new", "old"]
        history.add("old", SIGHT, SECOND)
        assert [past.id for past in history.listed()] == ["old", "new"]


def test_what_one_window_deletes_the_other_does_not_see(path: Path) -> None:
    with History(path) as here, History(path) as there:
        here.add("gone", SIGHT, FIRST)
        there.add("kept", SIGHT, SECOND)
        there.delete("gone")
        assert [past.id for past in here.listed()] == ["kept"]
        here.add("gone", SIGHT, SECOND)  # a window goes on where another has deleted
        assert {past.id: past.messages for past in there.listed()} == {"gone": (SECOND,), "kept": (SECOND,)}
        here.delete_all()
        assert there.listed() == []
