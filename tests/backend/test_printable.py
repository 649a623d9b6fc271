"""What others wrote reaches a terminal and a table without control characters, and JSON without a loss."""

from __future__ import annotations

import json

import pytest

from rsgpt_backend.asking import Answer, Token
from rsgpt_backend.errors import ModelError
from rsgpt_backend.printable import escaped, one_line, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Straße, 树, 👨‍👩‍👧, עברית\u200f", "Straße, 树, 👨‍👩‍👧, עברית\u200f"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("\x1b[31mred\x1b[0m", "[31mred[0m"),
        ("\x1b]0;title\x07", "]0;title"),
        ("a\x00b\x08c\x7fd", "abcd"),
        ("a\x9b31mb\x85c", "a31mb\nc"),
        ("safe\u202eexe.txt\u202c \u2066x\u2069", "safeexe.txt x"),
        ("\r\n", "\n"),
        ("a\u2028b\u2029c\x0bd\x0ce", "a\nb\nc\nd\ne"),
        ("half \ud83d of an emoji", "half \N{REPLACEMENT CHARACTER} of an emoji"),
    ],
)
def test_a_text(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert printable("".join(map(printable, text))) == shown  # in pieces, as it is generated
    assert printable(shown) == shown


def test_one_line() -> None:
    assert one_line(" a\n\n\x1bb \t c ") == "a b c"


def test_json_keeps_the_value() -> None:
    value = {"image": "a\x1b\x9b\u202e\udcff.png", "caption": "Straße\n树"}
    text = escaped(json.dumps(value, ensure_ascii=False))
    assert printable(text) == text
    assert json.loads(text) == value
    assert "树" in text


def test_answers_tokens_and_errors_are_clean() -> None:
    token = Token("a\x1b", -1.0, (("b\x9b", -2.0),))
    assert (token.text, token.top) == ("a", (("b", -2.0),))
    assert Answer("c\u202e\n", (token,), 0.5, "stop", False, 1).text == "c\n"
    assert str(ModelError("X holds \x1b[2J. Get it again.")) == "X holds [2J. Get it again."
