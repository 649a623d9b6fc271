"""Cleaning of untrusted text."""

from __future__ import annotations

import json

import pytest

from rsgpt_plugin.shared.text import clean, escaped, one_line, sentence


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A harbor.", "A harbor."),
        ("tab\tline\r\nend", "tab\tline\nend"),
        ("nul\0bell\x07esc\x1b[31m", "nulbellesc[31m"),
        ("del\x7f csi\x9b31m", "del csi31m"),
        ("half \ud83d emoji", "half \ufffd emoji"),
        ("whole \ud83d\ude00", "whole \U0001f600"),
        ("\U0001f600 \u6c34", "\U0001f600 \u6c34"),
    ],
)
def test_clean_removes_control_characters(text: str, expected: str) -> None:
    assert clean(text) == expected
    clean(text).encode("utf-8")


@pytest.mark.parametrize(
    "text",
    [
        "Straße, 树, 👨‍👩‍👧, עברית\u200f",
        "\x1b]0;title\x07",
        "a\x9b31mb\x85c",
        "safe\u202eexe.txt\u202c \u2066x\u2069",
        "a\u2028b\u2029c\x0bd\x0ce",
    ],
)
def test_cleaning_pieces_equals_cleaning_the_joined_text(text: str) -> None:
    assert "".join(map(clean, text)) == clean(text) == clean(clean(text))


def test_clean_keeps_harmless_characters() -> None:
    text = "Straße, 树, 👨‍👩‍👧, עברית\u200f"
    assert clean(text) == text
    assert clean("safe\u202eexe.txt\u202c \u2066x\u2069\u2028") == "safeexe.txt x\n"


def test_one_line_joins_white_space() -> None:
    assert one_line(" a\n\n\x1bb \t c ") == "a b c"


def test_escaped_json_keeps_its_value() -> None:
    value = {"image": "a\x1b\x9b\u202e\udcff.png", "caption": "Straße\n树"}
    text = escaped(json.dumps(value, ensure_ascii=False))
    assert clean(text) == text
    assert json.loads(text) == value
    assert "树" in text


@pytest.mark.parametrize(("text", "expected"), [("it is dark", "It is dark."), ("Stopped.", "Stopped."), ("", "")])
def test_a_reason_becomes_a_sentence(text: str, expected: str) -> None:
    assert sentence(text) == expected
