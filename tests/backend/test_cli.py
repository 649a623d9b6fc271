"""Exit codes and messages of the command; expected errors have no traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import rsgpt_backend
from rsgpt_backend.cli import main
from rsgpt_backend.commands import models
from rsgpt_backend.errors import EngineError, RsgptError, UsageError

BACKEND = Path(rsgpt_backend.__file__).parents[1]


@pytest.mark.parametrize("command", [("describe", "a.png"), ("ask", "a.png", "--question", "Water?")])
def test_unknown_model_is_rejected(command: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command, "--model", "nonsense", "--json"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "There is no model 'nonsense'. Installed:" in err


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nonsense"],
        ["describe"],
        ["ask", "a.png"],
        ["describe", "a.png", "--nonsense"],
        ["evaluate"],
        ["train", "a"],
    ],
)
def test_wrong_use_exits_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage: rsgpt" in capsys.readouterr().err


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert (caught.value.code, capsys.readouterr().out) == (0, f"{rsgpt_backend.__version__}\n")


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (UsageError("Say it otherwise."), 2, "Say it otherwise."),
        (EngineError("Ask again."), 1, "Ask again."),
        (RsgptError("Do this."), 1, "Do this."),
        (PermissionError(13, "Permission denied", "a.json"), 1, "'a.json'. Check its path"),
        (KeyboardInterrupt(), 1, "Stopped."),
    ],
)
def test_exit_code_and_message_of_errors(
    error: BaseException, code: int, message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_args: Any) -> int:
        raise error

    monkeypatch.setattr(models, "run", fail)
    assert main(["models"]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err


def test_unexpected_error_has_a_traceback_and_a_message(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(models, "run", lambda _args: 1 / 0)
    assert main(["models"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "Traceback" in err
    assert err.splitlines()[-1] == "This is a bug in rsgpt (ZeroDivisionError). Report it with the lines above."


def test_closed_output_pipe_ends_the_command_quietly() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "rsgpt_backend", "doctor", "--model", "nonsense"]
    process = subprocess.run(command, cwd=BACKEND, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert (process.returncode, process.stderr) == (1, "")


def test_command_runs_as_a_module() -> None:
    command = [sys.executable, "-m", "rsgpt_backend", "describe", "a.png", "--model", "nonsense"]
    process = subprocess.run(command, cwd=BACKEND, capture_output=True, text=True, check=False)
    assert (process.returncode, process.stdout) == (1, "")
    assert process.stderr.startswith("There is no model 'nonsense'.")
    assert "Traceback" not in process.stderr


def test_importing_the_command_line_does_not_import_torch() -> None:
    imports = "import sys, rsgpt_backend.cli, rsgpt_backend.batch.batch_run"
    check = f"{imports}; print({{'torch', 'transformers'}} & {{*sys.modules}})"
    process = subprocess.run([sys.executable, "-c", check], cwd=BACKEND, capture_output=True, text=True, check=True)
    assert process.stdout.strip() == "set()"
