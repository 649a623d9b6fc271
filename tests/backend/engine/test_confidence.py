"""A confidence is computed from the tokens' probabilities, and a scale preserves the order of confidences."""

from __future__ import annotations

import math

import pytest

from rsgpt_backend.engine.confidence import answer_form, calibrated, confidence, lowered, scale_of
from rsgpt_backend.predictor import Token


def token(text: str, probability: float) -> Token:
    return Token(text, math.log(probability))


def openings(**shares: float) -> list[tuple[str, float]]:
    return [(f" {word}", math.log(share)) for word, share in shares.items()]


def test_confidence_of_no_is_its_share() -> None:
    assert confidence([token(" No", 0.3), token(".", 0.9)], openings(No=0.3, yes=0.1)) == pytest.approx(0.75)


def test_confidence_uses_the_likelier_of_two_spellings() -> None:
    assert confidence([token("yes", 0.6)], openings(yes=0.6, no=0.2, Yes=0.1, No=0.05)) == pytest.approx(0.75)


def test_confidence_without_the_other_word_is_the_mean() -> None:
    assert confidence([token("yes", 0.64), token("!", 0.25)], openings(yes=0.64, gray=0.1)) == pytest.approx(0.4)


def test_confidence_of_a_sentence_is_the_geometric_mean() -> None:
    tokens = [token("many", 0.5), token(" trees", 0.25), token(" here", 0.125)]
    assert confidence(tokens, openings(many=0.5, yes=0.2, no=0.2)) == pytest.approx(0.25)


def test_confidence_of_an_empty_answer_is_zero() -> None:
    assert confidence([], openings(yes=0.5)) == 0.0


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("yes", "yes_no"),
        ("No.", "yes_no"),
        ("parking lot", "phrase"),
        ("forest.", "phrase"),
        ("twenty-four", "phrase"),
        ("Many cars are parked.", "sentence"),
        ("", "phrase"),
    ],
)
def test_answer_forms(text: str, wanted: str) -> None:
    assert answer_form(text) == wanted


def test_confidence_is_unchanged_without_a_scale() -> None:
    assert calibrated(0.37, "yes", {}) == 0.37
    assert calibrated(1.0, "yes", {"phrase": (2.0, 1.0)}) == 1.0


@pytest.mark.parametrize("scale", [(0.5, 0.0), (1.0, -2.0), (3.0, 1.0)])
def test_scale_preserves_the_order_within_0_and_1(scale: tuple[float, float]) -> None:
    values = [calibrated(value / 20, "yes", {"yes_no": scale}) for value in range(21)]
    assert values == sorted(values)
    assert len(set(values)) == 21
    assert all(0 < value < 1 for value in values)


def test_confidence_of_a_sentence_that_begins_with_no_is_the_mean() -> None:
    tokens = [token("No", 0.5), token(" trees are visible.", 0.125)]
    assert confidence(tokens, openings(No=0.5, yes=0.01)) == pytest.approx(0.25)


@pytest.mark.parametrize("value", [0.05, 0.5, 0.9, 1.0])
def test_novelty_lowers_a_confidence(value: float) -> None:
    assert lowered(value, 0.0) == value
    assert 0 < lowered(value, 1e6) < lowered(value, 2.0) < lowered(value, 0.5) < value


@pytest.mark.parametrize(
    ("form", "scale"),
    [("count", (2.0, 0.0)), ("place", (3.0, 0.0)), ("colored_place", (4.0, 0.0)), ("area", (1.0, 0.0))],
)
def test_a_form_without_a_scale_has_that_of_a_similar_form(form: str, scale: tuple[float, float]) -> None:
    assert scale_of(form, {"count": (2.0, 0.0), "choice": (3.0, 0.0), "found_place": (4.0, 0.0)}) == scale
    assert scale_of(form, {form: (5.0, 1.0), "choice": (3.0, 0.0), "found_place": (4.0, 0.0)}) == (5.0, 1.0)
