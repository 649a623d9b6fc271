"""Check of a Python chosen by the user: accepted if the backend's packages import, else refused with advice."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from rsgpt_plugin.client.environment.environment import backend_for
from rsgpt_plugin.client.environment.user_python import check_user_python
from rsgpt_plugin.errors import Cancelled, SetupError

GOOD = {"version": [3, 12], "missing": [], "error": "", "torch": "2.13", "transformers": "5.2", "devices": ["cpu"]}


def interpreter(folder: Path, **results: object) -> Path:
    """Write a program that prints the given results of the probe."""
    path = folder / "python3"
    path.write_text(f"#!/bin/sh\ncat <<'END'\nchatter\nrsgpt-probe {json.dumps({**GOOD, **results})}\nEND\n")
    path.chmod(0o755)
    return path


def test_examine_returns_versions_and_devices(tmp_path: Path) -> None:
    python = check_user_python(interpreter(tmp_path, devices=["cpu", "cuda:0"]))
    assert (python.torch, python.transformers, python.devices) == ("2.13", "5.2", ("cpu", "cuda:0"))


@pytest.mark.slow
def test_examine_accepts_the_managed_environment(backend_python: Path) -> None:
    assert check_user_python(backend_python).devices[0] == "cpu"


def test_missing_packages_are_listed_with_the_command_to_install_them() -> None:
    with pytest.raises(SetupError, match=r"lacks .*torch.*Install them there") as caught:
        check_user_python(Path(sys.executable))
    assert "-m pip install" in caught.value.details
    assert "torch" in caught.value.details


@pytest.mark.parametrize(
    ("results", "words"),
    [
        ({"version": [3, 9]}, "This is Python 3.9, but the model needs 3.11"),
        ({"missing": ["PIL", "gguf"]}, "lacks pillow, gguf"),
        ({"error": "ImportError: DLL load failed while importing _C"}, "Visual C\\+\\+"),
        ({"transformers": "4.48.3"}, "transformers 4.48.3, but the model needs 5"),
    ],
)
def test_an_unusable_python_is_refused_with_its_problem(tmp_path: Path, results: dict[str, object], words: str) -> None:
    with pytest.raises(SetupError, match=words):
        check_user_python(interpreter(tmp_path, **results))


def test_a_program_that_is_not_python_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "python3"
    with pytest.raises(SetupError, match="cannot be started"):
        check_user_python(path)
    path.write_text("#!/bin/sh\necho hello\n")
    path.chmod(0o755)
    with pytest.raises(SetupError, match="is not a working Python"):
        check_user_python(path)


def test_examine_can_be_cancelled(tmp_path: Path) -> None:
    path = tmp_path / "python3"
    path.write_text("#!/bin/sh\nexec sleep 60\n")
    path.chmod(0o755)
    with pytest.raises(Cancelled):
        check_user_python(path, lambda: True)


def test_variables_include_user_packages_and_the_backend_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", "/qgis")
    backend = backend_for(str(interpreter(tmp_path)))
    variables = backend.variables()
    assert backend.command(["serve"])[0] == str(tmp_path / "python3")
    assert "PYTHONNOUSERSITE" not in variables
    assert "LD_LIBRARY_PATH" not in variables
    assert Path(variables["PYTHONPATH"]).name == "backend"
