"""A Python of the user's: taken when it imports what the model needs, refused in words that help."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from rsgpt_plugin.client.environment.environment import backend_for
from rsgpt_plugin.client.environment.user_python import examine
from rsgpt_plugin.errors import Cancelled, SetupError

GOOD = {"version": [3, 12], "missing": [], "error": "", "torch": "2.13", "transformers": "5.2", "devices": ["cpu"]}


def interpreter(folder: Path, **found: object) -> Path:
    """A program that says of itself what a probe of it would find."""
    path = folder / "python3"
    path.write_text(f"#!/bin/sh\ncat <<'END'\nchatter\nrsgpt-probe {json.dumps({**GOOD, **found})}\nEND\n")
    path.chmod(0o755)
    return path


def test_a_good_one_says_what_it_has(tmp_path: Path) -> None:
    found = examine(interpreter(tmp_path, devices=["cpu", "cuda:0"]))
    assert (found.torch, found.transformers, found.devices) == ("2.13", "5.2", ("cpu", "cuda:0"))


@pytest.mark.slow
def test_the_managed_one_would_do_as_well(backend_python: Path) -> None:
    assert examine(backend_python).devices[0] == "cpu"


def test_a_real_one_without_the_packages_is_told_what_to_install() -> None:
    with pytest.raises(SetupError, match=r"lacks .*torch.*Install them there") as caught:
        examine(Path(sys.executable))
    assert "-m pip install" in caught.value.details
    assert "torch" in caught.value.details


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ({"version": [3, 9]}, "This is Python 3.9; the model needs 3.11"),
        ({"missing": ["PIL", "gguf"]}, "lacks pillow, gguf"),
        ({"error": "ImportError: DLL load failed while importing _C"}, "Visual C\\+\\+"),
        ({"transformers": "4.48.3"}, "transformers 4.48.3; the model needs 5"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, found: dict[str, object], words: str) -> None:
    with pytest.raises(SetupError, match=words):
        examine(interpreter(tmp_path, **found))


def test_what_is_no_python_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "python3"
    with pytest.raises(SetupError, match="cannot be started"):
        examine(path)
    path.write_text("#!/bin/sh\necho hello\n")
    path.chmod(0o755)
    with pytest.raises(SetupError, match="does not behave like a Python"):
        examine(path)


def test_the_check_can_be_stopped(tmp_path: Path) -> None:
    path = tmp_path / "python3"
    path.write_text("#!/bin/sh\nexec sleep 60\n")
    path.chmod(0o755)
    with pytest.raises(Cancelled):
        examine(path, lambda: True)


def test_its_own_packages_are_found_and_the_plugin_s_code_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", "/qgis")
    backend = backend_for(str(interpreter(tmp_path)))
    variables = backend.variables()
    assert backend.command(["serve"])[0] == str(tmp_path / "python3")
    assert "PYTHONNOUSERSITE" not in variables
    assert "LD_LIBRARY_PATH" not in variables
    assert Path(variables["PYTHONPATH"]).name == "backend"
