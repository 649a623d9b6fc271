"""Calibration of confidences with known accuracy."""

from __future__ import annotations

import numpy as np
import pytest

from rsgpt_backend.evaluate.calibration import calibration


def test_a_confidence_that_is_always_met() -> None:
    confidence = [0.75] * 4
    assert calibration(confidence, [True, True, True, False])["ece"] == 0.0


def test_a_confidence_that_is_too_high() -> None:
    found = calibration([0.95] * 10, [True] * 5 + [False] * 5)
    assert found["ece"] == pytest.approx(45.0)
    assert found["bins"] == [[95.0, 50.0, 10]]


def test_bins_are_weighted_by_their_answers() -> None:
    found = calibration([1.0] * 3 + [0.05], [True] * 3 + [True])
    assert [count for _, _, count in found["bins"]] == [1, 3]
    assert found["ece"] == pytest.approx(95.0 / 4)


def test_the_most_confident_answers_are_kept() -> None:
    confidence = [number / 100 for number in range(100)]
    kept = calibration(confidence, [value >= 0.5 for value in confidence])["kept"]
    assert [row[0] for row in kept] == list(range(10, 101, 10))
    assert [row[1] for row in kept[:5]] == [100.0] * 5
    assert kept[-1] == [100, 50.0, 0.0]
    assert kept[0][2] == 90.0


def test_random_confidences_do_not_improve_accuracy() -> None:
    rng = np.random.default_rng(0)
    correct = (rng.random(2000) < 0.6).tolist()
    kept = calibration(rng.random(2000).tolist(), correct)["kept"]
    assert all(accuracy == pytest.approx(60, abs=6) for _, accuracy, _ in kept)
