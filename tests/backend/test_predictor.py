"""Control characters are removed from tokens, answers and errors."""

from __future__ import annotations

from rsgpt_backend.errors import ModelError
from rsgpt_backend.predictor import Answer, Token


def test_control_characters_are_removed_from_answers_tokens_and_errors() -> None:
    token = Token("a\x1b", -1.0, (("b\x9b", -2.0),))
    assert (token.text, token.top) == ("a", (("b", -2.0),))
    assert Answer("c\u202e\n", (token,), 0.5, "stop", False, 1).text == "c\n"
    assert str(ModelError("X holds \x1b[2J. Get it again.")) == "X holds [2J. Get it again."
