"""Texts for the progress of a run: counts, rates and remaining times."""

from __future__ import annotations

import math

from qgis.PyQt.QtCore import QCoreApplication, QLocale

from ..core.pace import ProgressRate

translate = QCoreApplication.translate

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def progress_text(done: int, total: int, pace: ProgressRate) -> str:
    """Return `312 of 5,000, 4.2 per second, about 18 min left`, without the parts that are not known yet."""
    parts = [count_text(done, total)]
    if pace.rate():
        parts.append(rate_text(pace.rate()))
        if done < total:
            parts.append(time_left_text(pace.seconds_left(total)))
    return ", ".join(parts)


def count_text(done: int, total: int) -> str:
    """Return `312 of 5,000`."""
    locale = QLocale()
    return translate("Rsgpt", "{done} of {total}").format(done=locale.toString(done), total=locale.toString(total))


def rate_text(rate: float) -> str:
    """Return a rate per second, minute or hour; "" for 0. rate: items per second."""
    if rate >= 1:
        return translate("Rsgpt", "{number} per second").format(number=_number(rate))
    if rate * _MINUTE >= 1:
        return translate("Rsgpt", "{number} per minute").format(number=_number(rate * _MINUTE))
    return translate("Rsgpt", "{number} per hour").format(number=_number(rate * _HOUR)) if rate else ""


def time_text(seconds: float) -> str:
    """Return an approximate duration; "" if it is not finite."""
    if not math.isfinite(seconds):
        return ""
    if seconds < _MINUTE:
        return translate("Rsgpt", "about {number} s").format(number=max(1, round(seconds)))
    if seconds < _HOUR:
        return translate("Rsgpt", "about {number} min").format(number=round(seconds / _MINUTE))
    if seconds < 2 * _DAY:
        return translate("Rsgpt", "about {number} h").format(number=_number(seconds / _HOUR))
    return translate("Rsgpt", "about {number} days").format(number=round(seconds / _DAY))


def time_left_text(seconds: float) -> str:
    """Return the approximate remaining time; "" if it is not finite or negative."""
    is_known = math.isfinite(seconds) and seconds >= 0
    return translate("Rsgpt", "{time} left").format(time=time_text(seconds)) if is_known else ""


def _number(value: float) -> str:
    return QLocale().toString(value, "f", 0 if value >= 10 else 1)
