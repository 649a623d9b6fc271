"""Results go to stdout, one a line; what a person should know goes to stderr."""

from __future__ import annotations

import json

import pytest

from rsgpt_backend.commands.output import Output
from rsgpt_backend.errors import ImageError


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    output = Output(True)
    output.result({"caption": "Straße\n树"}, "not this")
    output.failure({"image": "a.png"}, ImageError("Broken. Convert it."))
    out, err = capsys.readouterr()
    first, second = (json.loads(line) for line in out.splitlines())
    assert first == {"caption": "Straße\n树"}
    assert second == {"image": "a.png", "error": {"code": "image", "message": "Broken. Convert it."}}
    assert (err, output.exit_code) == ("", 1)


def test_text(capsys: pytest.CaptureFixture[str]) -> None:
    output = Output(False)
    output.result({"caption": "not this"}, "a road")
    assert output.exit_code == 0
    output.failure({"image": "a.png"}, ImageError("Broken. Convert it."))
    assert capsys.readouterr() == ("a road\n", "Broken. Convert it.\n")
    assert output.exit_code == 1
