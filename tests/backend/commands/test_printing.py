"""Results go to stdout, one per line; notes for people go to stderr."""

from __future__ import annotations

import json

import pytest

from rsgpt_backend.commands.printing import ResultPrinter, note
from rsgpt_backend.errors import ImageError, RsgptError


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    output = ResultPrinter(True)
    output.result({"caption": "Straße\n树"}, "not this")
    output.failure({"image": "a.png"}, ImageError("Broken. Convert it."))
    out, err = capsys.readouterr()
    first, second = (json.loads(line) for line in out.splitlines())
    assert first == {"caption": "Straße\n树"}
    assert second == {"image": "a.png", "error": {"code": "image", "message": "Broken. Convert it."}}
    assert (err, output.exit_code) == ("", 1)


def test_text(capsys: pytest.CaptureFixture[str]) -> None:
    output = ResultPrinter(False)
    output.result({"caption": "not this"}, "a road")
    assert output.exit_code == 0
    output.failure({"image": "a.png"}, ImageError("Broken. Convert it."))
    assert capsys.readouterr() == ("a road\n", "Broken. Convert it.\n")
    assert output.exit_code == 1


def test_control_characters_are_removed(capsys: pytest.CaptureFixture[str]) -> None:
    ResultPrinter(False).result({}, "a\x1b[2J road")
    ResultPrinter(False).failure({}, ImageError("b\x9b \u202e"))
    note("c\x07")
    assert capsys.readouterr() == ("a[2J road\n", "b \nc\n")
    ResultPrinter(True).result({"image": "a\x1b\x9b\udcff.png"}, "")
    out = capsys.readouterr().out
    assert out.isascii()
    assert json.loads(out) == {"image": "a\x1b\x9b\udcff.png"}


def test_nan_is_refused_in_results(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RsgptError, match="NaN or an infinite number"):
        ResultPrinter(True).result({"confidence": float("nan")}, "")
    assert capsys.readouterr().out == ""
