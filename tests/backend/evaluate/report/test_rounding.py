"""Scores are rounded to two decimals and are Python floats."""

from __future__ import annotations

import numpy as np

from rsgpt_backend.evaluate.report.rounding import hundredths, percent


def test_two_decimals() -> None:
    assert percent(np.float64(1 / 3)) == 33.33
    assert type(percent(np.float64(1))) is float
    assert hundredths((1 / 3, 2.0)) == [0.33, 2.0]
