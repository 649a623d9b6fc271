"""A reply to a task is what its reader understands; a question accepts any text."""

from __future__ import annotations

import pytest

from rsgpt_plugin.shared.objects.found_text import FoundInPicture, found_text
from rsgpt_plugin.shared.objects.shown import Shown, shown_text
from rsgpt_plugin.shared.objects.task_replies import is_reply_to

FOUND = found_text(FoundInPicture(8, 8, {}))
SHOWN = shown_text(Shown(8, 8, "car"))


@pytest.mark.parametrize(("task", "text"), [("find", FOUND), ("find_window", FOUND), ("show", SHOWN), ("", "a car")])
def test_a_reply_is_understood_by_its_reader(task: str, text: str) -> None:
    assert is_reply_to(task, text)


@pytest.mark.parametrize(("task", "text"), [("find", SHOWN), ("find_window", "a car"), ("show", FOUND), ("show", "")])
def test_another_text_is_not_a_reply(task: str, text: str) -> None:
    assert not is_reply_to(task, text)
