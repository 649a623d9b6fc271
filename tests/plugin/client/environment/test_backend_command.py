"""A backend command runs the backend with the given Python, without network access and without variables of QGIS."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rsgpt_plugin.client.environment.backend_command import BackendCommand, user_variables
from rsgpt_plugin.core.paths import BACKEND

QGIS_VARIABLES = ("PYTHONHOME", "PYTHONPATH", "PROJ_LIB", "GDAL_DATA", "QT_PLUGIN_PATH", "LD_LIBRARY_PATH")


@pytest.fixture
def command(tmp_path: Path) -> BackendCommand:
    return BackendCommand(Path("/opt/python/bin/python3"), tmp_path / "home")


def test_command_runs_the_backend_module_with_the_arguments_unchanged(command: BackendCommand) -> None:
    arguments = ["ask", "a b.png", "--question", "Is there “water”?"]
    assert command.command(arguments) == [str(command.python), "-P", "-m", "rsgpt_backend", *arguments]
    assert command.command([])[1:] == ["-P", "-m", "rsgpt_backend"]


@pytest.mark.skipif(sys.version_info < (3, 11), reason="-P needs Python 3.11, as the backend does")
def test_command_does_not_import_modules_of_the_current_folder(tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('shadowed')")
    package = tmp_path / "source" / "rsgpt_backend"
    package.mkdir(parents=True)
    (package / "__main__.py").write_text("import json, sys\nprint(json.dumps(sys.argv[1:]))")
    command = BackendCommand(Path(sys.executable), tmp_path / "home", package.parent)
    run = subprocess.run(
        command.command(["a b", "é"]),
        cwd=tmp_path,
        env=command.variables(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.stdout, run.stderr) == ('["a b", "\\u00e9"]\n', "")


def test_variables_name_the_folders_and_turn_the_network_off(command: BackendCommand) -> None:
    variables = command.variables()
    assert variables["PYTHONPATH"] == str(BACKEND)
    assert variables["RSGPT_HOME"] == str(command.home)
    assert variables["HF_HUB_OFFLINE"] == variables["TRANSFORMERS_OFFLINE"] == "1"
    assert variables["PYTHONNOUSERSITE"] == "1"


@pytest.mark.parametrize("is_users", [False, True])
def test_variables_of_qgis_are_dropped_for_both_kinds_of_python(
    command: BackendCommand, monkeypatch: pytest.MonkeyPatch, is_users: bool
) -> None:
    for name in QGIS_VARIABLES:
        monkeypatch.setenv(name, "/qgis")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
    variables = BackendCommand(command.python, command.home, is_users=is_users).variables()
    assert "/qgis" not in variables.values()
    assert variables["HTTPS_PROXY"] == "http://proxy:3128"


def test_a_users_python_sees_the_packages_of_the_user_and_stays_offline(command: BackendCommand) -> None:
    variables = BackendCommand(command.python, command.home, is_users=True).variables()
    assert "PYTHONNOUSERSITE" not in variables
    assert variables["HF_HUB_OFFLINE"] == "1"
    assert variables["PYTHONPATH"] == str(BACKEND)


def test_user_variables_keep_the_path_and_let_extra_variables_win(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin")
    monkeypatch.setenv("MY_SETTING", "old")
    variables = user_variables(Path("/opt/conda/bin/python"), {"MY_SETTING": "new"})
    assert variables["MY_SETTING"] == "new"
    assert variables["PATH"].split(os.pathsep)[-1] == "/usr/bin"
