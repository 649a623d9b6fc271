"""Sizes and moments as a person reads them. Measures nothing."""

from __future__ import annotations

from qgis.PyQt.QtCore import QDateTime, QLocale, Qt

_KILOBYTE, _GIGABYTE = 1_000, 1_000_000_000


def size_text(count: int) -> str:
    """Bytes, as in “0 B”, “400 MB” or “1.6 GB”."""
    if count < _KILOBYTE:  # for which Qt has a word, of a language that need not be QGIS's
        return f"{count} B"
    return str(QLocale().formattedDataSize(count, int(count >= _GIGABYTE), QLocale.DataSizeFormat.DataSizeSIFormat))


def moment_text(moment: str) -> str:
    """A moment in ISO 8601, as the user writes it; "" where it is none."""
    time = QDateTime.fromString(moment, Qt.DateFormat.ISODateWithMs)
    return str(QLocale().toString(time.toLocalTime(), QLocale.FormatType.ShortFormat)) if time.isValid() else ""
