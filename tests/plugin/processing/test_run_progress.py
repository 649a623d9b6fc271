"""Texts for counts, rates and times."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest
from qgis.PyQt.QtCore import QLocale

from rsgpt_plugin.core.pace import ProgressRate
from rsgpt_plugin.processing.run_progress import progress_text, rate_text, time_text


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    original = QLocale()
    QLocale.setDefault(QLocale(QLocale.Language.English, QLocale.Country.UnitedStates))
    yield
    QLocale.setDefault(original)


def test_progress_text_leaves_out_unknown_parts() -> None:
    pace = ProgressRate()
    assert progress_text(0, 5000, pace) == "0 of 5,000"
    pace.mark(0.0, 0)
    pace.mark(100.0, 312)
    assert progress_text(312, 5000, pace) == "312 of 5,000, 3.1 per second, about 25 min left"
    assert progress_text(5000, 5000, pace) == "5,000 of 5,000, 3.1 per second"


def test_rates_and_times_use_readable_units() -> None:
    rates = ["42 per second", "30 per minute", "36 per hour", ""]
    assert [rate_text(rate) for rate in (42.4, 0.5, 0.01, 0.0)] == rates
    times = ["about 1 s", "about 59 s", "about 2 min", "about 1.5 h", "about 3 days", ""]
    assert [time_text(seconds) for seconds in (0.2, 59, 90, 5400, 86400 * 3, math.inf)] == times
