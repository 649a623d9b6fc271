"""Answer keys change with everything that determines an answer, and with nothing else."""

from __future__ import annotations

from dataclasses import replace

from rsgpt_plugin.core.answer_keys import AnswerKey

KEY = AnswerKey("00" * 32, "What?", "small", "11" * 32, {"max_tokens": 128, "temperature": 0})


def test_each_field_changes_the_key() -> None:
    changed = [
        replace(KEY, image_sha256="22" * 32),
        replace(KEY, prompt="What"),
        replace(KEY, model="large"),
        replace(KEY, weights_sha256="33" * 32),
        replace(KEY, decoding={"max_tokens": 64, "temperature": 0}),
    ]
    assert len({answer_key.key() for answer_key in [KEY, *changed]}) == 6


def test_the_order_of_settings_does_not_change_the_key() -> None:
    assert replace(KEY, decoding={"temperature": 0, "max_tokens": 128}).key() == KEY.key()
