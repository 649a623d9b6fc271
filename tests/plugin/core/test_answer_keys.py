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
        replace(KEY, fingerprint="33" * 32),
        replace(KEY, decoding={"max_tokens": 64, "temperature": 0}),
    ]
    assert len({answer_key.key() for answer_key in [KEY, *changed]}) == 6


def test_the_order_of_settings_does_not_change_the_key() -> None:
    assert replace(KEY, decoding={"temperature": 0, "max_tokens": 128}).key() == KEY.key()


def test_a_key_is_a_sha_256_that_stays_the_same() -> None:
    """Another key for the same prompt would make every cached answer useless."""
    assert KEY.key() == "d51cd81d7887d4d48cb4e6136573bf1ffff200a4820dc50e6b1c8a5f7334494b"


def test_fields_do_not_run_into_each_other() -> None:
    assert replace(KEY, prompt="ab", model="c").key() != replace(KEY, prompt="a", model="bc").key()
    assert replace(KEY, prompt='"},"model":"x').key() != replace(KEY, prompt='"}', model="x").key()


def test_a_number_and_its_text_are_different_settings() -> None:
    keys = {replace(KEY, decoding={"seed": value}).key() for value in (1, "1", 1.5)}
    assert len(keys) == 3


def test_any_text_has_a_key() -> None:
    assert len(replace(KEY, prompt="城市 \0 \ud800").key()) == 64
