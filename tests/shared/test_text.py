"""What comes from elsewhere can be written anywhere."""

from __future__ import annotations

import pytest

from rsgpt_plugin.shared.text import clean


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("A harbor.", "A harbor."),
        ("tab\tline\r\nend", "tab\tline\nend"),
        ("nul\0bell\x07esc\x1b[31m", "nulbellesc[31m"),
        ("del\x7f csi\x9b31m", "del csi31m"),
        ("half \ud83d emoji", "half \ufffd emoji"),
        ("whole \ud83d\ude00", "whole \U0001f600"),
        ("\U0001f600 \u6c34", "\U0001f600 \u6c34"),
    ],
)
def test_clean(text: str, wanted: str) -> None:
    assert clean(text) == wanted
    clean(text).encode("utf-8")
