"""Keys change with everything that decides an answer, and with nothing else."""

from __future__ import annotations

from dataclasses import replace

from rsgpt_plugin.core.answer_keys import AnswerKey

ASKED = AnswerKey("00" * 32, "What?", "small", "11" * 32, {"max_tokens": 128, "temperature": 0})


def test_each_part_of_what_is_asked_changes_the_key() -> None:
    others = [
        replace(ASKED, image_sha256="22" * 32),
        replace(ASKED, prompt="What"),
        replace(ASKED, model="large"),
        replace(ASKED, weights_sha256="33" * 32),
        replace(ASKED, decoding={"max_tokens": 64, "temperature": 0}),
    ]
    assert len({asked.key() for asked in [ASKED, *others]}) == 6


def test_the_order_of_settings_does_not_change_the_key() -> None:
    assert replace(ASKED, decoding={"temperature": 0, "max_tokens": 128}).key() == ASKED.key()
