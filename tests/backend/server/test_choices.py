"""Choices in vLLM's words, and what of them is refused."""

from __future__ import annotations

from typing import Any

import pytest

from rsgpt_backend.server import limits
from rsgpt_backend.server.choices import read_choices
from rsgpt_backend.server.refusals import Refusal
from rsgpt_backend.server.requests import read_order
from tests.backend.server.harness import encode, question

MANY = [str(number) for number in range(limits.MAX_CHOICES)]
LONG = "x" * limits.MAX_CHOICE_CHARS


@pytest.mark.parametrize("choices", [["farmland", "forest"], ["\u519c\u7530", "a"], MANY, [LONG, "y"]])
def test_both_names_reach_the_ask(choices: list[str]) -> None:
    for fields in ({"structured_outputs": {"choice": choices}}, {"guided_choice": choices}):
        assert read_order(encode(question(**fields)), "rsgpt-small").ask.choices == tuple(choices)


@pytest.mark.parametrize(
    "fields", [{}, {"structured_outputs": None}, {"guided_choice": None}, {"structured_outputs": {"choice": None}}]
)
def test_without_choices_the_answer_is_free(fields: dict[str, Any]) -> None:
    assert read_order(encode(question(**fields)), "rsgpt-small").ask.choices == ()


BAD: dict[str, Any] = {
    "a text": "yes",
    "none": [],
    "one": ["yes"],
    "too many": [*MANY, "more"],
    "too long": [LONG + "x", "y"],
    "a number": [1, "y"],
    "an empty one": [" ", "y"],
    "half a character": ["\ud83d", "y"],
    "one twice": ["y", "n", "y"],
}


@pytest.mark.parametrize("name", BAD)
def test_bad_choices_are_refused(name: str) -> None:
    for fields in ({"structured_outputs": {"choice": BAD[name]}}, {"guided_choice": BAD[name]}):
        with pytest.raises(Refusal, match=r"\.$") as caught:
            read_choices(fields)
        assert (caught.value.status, caught.value.code) == (400, "invalid_request")


@pytest.mark.parametrize("outputs", [[], "choice", {"regex": "a+"}, {"choice": ["a", "b"], "json": {"type": "object"}}])
def test_other_structures_are_refused(outputs: object) -> None:
    with pytest.raises(Refusal, match="structured_outputs"):
        read_choices({"structured_outputs": outputs})
