"""Fitted scales correct wrong confidences; answer forms with few answers keep their scale."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from pathlib import Path

import pytest

from rsgpt_backend.engine.confidence import Scale, calibrated, log_odds
from rsgpt_backend.errors import UsageError
from rsgpt_backend.evaluate.calibration import calibration
from rsgpt_backend.evaluate.calibration_fit import calibrate, fit_scales, with_yes_bias, yes_bias
from rsgpt_backend.evaluate.result import EvaluationResult


def boastful(count: int, given: str = "yes", twist: Scale = (0.5, -0.3)) -> EvaluationResult:
    """Answers that are correct as often as `twist` of their log odds predicts."""
    rng = random.Random(4)
    answers = []
    for _ in range(count):
        told = rng.uniform(0.5, 0.999)
        true = 1 / (1 + math.exp(-(twist[0] * log_odds(told) + twist[1])))
        answers.append({"given": given, "confidence": told, "correct": rng.random() < true})
    return EvaluationResult("questions", "toy", "toy", "", "", {}, answers)


def error(result: EvaluationResult, scales: dict[str, Scale]) -> float:
    told = [calibrated(one["confidence"], one["given"], scales) for one in result.answers]
    return float(calibration(told, [one["correct"] for one in result.answers])["ece"])


def test_the_error_falls() -> None:
    result = boastful(3000)
    scales = fit_scales([result], {})
    assert scales["yes_no"] == pytest.approx((0.5, -0.3), abs=0.1)
    assert error(result, {}) > 10
    assert error(result, scales) < 2.5


def test_few_answers_change_nothing() -> None:
    assert fit_scales([boastful(49)], {}) == {}
    assert fit_scales([boastful(49)], {"yes_no": (2.0, 1.0)}) == {"yes_no": (2.0, 1.0)}


def test_answers_of_the_classifier_do_not_change_the_yes_bias() -> None:
    result = boastful(300)
    answers = [{**answer, "answer": "yes", "given": "no", "form": "presence"} for answer in result.answers]
    classified = replace(result, answers=answers)
    assert yes_bias([classified], {}) == 0.0
    assert with_yes_bias(classified, {}, 2.0) == classified
    assert set(fit_scales([classified], {})) == {"presence"}


def test_each_answer_form_has_its_own_scale() -> None:
    scales = fit_scales([boastful(2000), boastful(2000, "a forest", (2.0, 0.5))], {})
    assert scales["yes_no"][0] == pytest.approx(0.5, abs=0.15)
    assert scales["phrase"][0] == pytest.approx(2.0, abs=0.6)


def test_form_of_an_answer_names_its_scale() -> None:
    result = boastful(200)
    for one in result.answers:
        one["form"] = "count"
    assert list(fit_scales([result], {})) == ["count"]


def test_a_second_fit_extends_the_first() -> None:
    """Confidences already contain the scale of the first fit."""
    result = boastful(3000)
    first = fit_scales([result], {})
    for one in result.answers:
        one["confidence"] = calibrated(one["confidence"], "yes", first)
    again = fit_scales([result], first)
    assert again["yes_no"] == pytest.approx(first["yes_no"], abs=0.02)


def test_a_caption_is_correct_if_it_invents_nothing() -> None:
    rng = random.Random(2)
    captions = [
        {"caption": "A road.", "confidence": 0.9, "invented": ["cars"] if rng.random() < 0.5 else []}
        for _ in range(400)
    ]
    scales = fit_scales([EvaluationResult("captions", "toy", "toy", "", "", {}, captions)], {})
    assert calibrated(0.9, "A road.", scales) == pytest.approx(0.5, abs=0.06)


def test_scales_stay_finite_if_all_answers_are_correct() -> None:
    answers = [{"given": "yes", "confidence": 1.0, "correct": True}] * 60
    (scale,) = fit_scales([EvaluationResult("questions", "toy", "toy", "", "", {}, answers)], {}).values()
    assert all(map(math.isfinite, scale))


def test_some_errors_among_very_confident_answers_lower_the_confidence() -> None:
    right = [{"given": "yes", "confidence": 0.9999, "correct": number < 95} for number in range(100)]
    (scale,) = fit_scales([EvaluationResult("questions", "toy", "toy", "", "", {}, right)], {}).values()
    assert calibrated(0.9999, "yes", {"yes_no": scale}) == pytest.approx(0.95, abs=0.01)


def shy(count: int, odds: float) -> EvaluationResult:
    """Answers of a model whose log odds of a yes are too low by `odds`."""
    rng = random.Random(5)
    answers = []
    for _ in range(count):
        told = rng.gauss(0.0, 2.0)
        true = rng.random() < 1 / (1 + math.exp(-told - odds))
        answers.append({
            "answer": "yes" if true else "no",
            "given": "yes" if told > 0 else "no",
            "confidence": 1 / (1 + math.exp(-abs(told))),
            "correct": true == (told > 0),
        })  # fmt: skip
    return EvaluationResult("questions", "toy", "toy", "", "", {}, answers)


@pytest.mark.parametrize("scale", [(1.0, 0.0), (0.5, -0.2)])
def test_the_yes_bias_is_found_for_any_scale(scale: Scale) -> None:
    result = shy(4000, 1.0)
    present = {"yes_no": scale}
    for one in result.answers:
        one["confidence"] = calibrated(one["confidence"], "yes", present)
    odds = yes_bias([result], present)
    assert odds == pytest.approx(1.0, abs=0.1)
    assert yes_bias([with_yes_bias(result, present, odds)], present) == pytest.approx(0.0, abs=0.01)
    right = [sum(one["correct"] for one in told.answers) for told in (result, with_yes_bias(result, present, odds))]
    assert right[1] > right[0] + 100


def test_useless_odds_give_no_bias() -> None:
    result = shy(4000, 1.0)
    for one in result.answers:
        one["correct"] = not one["correct"]
    assert yes_bias([result], {}) == 0.0


def test_a_no_to_a_counting_question_is_ignored() -> None:
    result = shy(4000, 1.0)
    odds = yes_bias([result], {})
    for number in range(2000):
        result.answers.append({"answer": str(number), "given": "no", "confidence": 0.9, "correct": False})
    assert yes_bias([result], {}) == odds


def test_too_few_answers_give_no_bias() -> None:
    assert yes_bias([shy(49, 1.0)], {}) == 0.0


def test_results_without_answers_of_the_model_are_refused(toy_folder: Path) -> None:
    found = replace(shy(60, 0.0), kind="objects")
    with pytest.raises(UsageError, match="no answers to calibrate with"):
        calibrate(toy_folder, [found])
