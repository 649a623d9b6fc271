"""Exit codes and sentences of the whole command; no expected error ends in a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import rsgpt_backend
from rsgpt_backend import cli
from rsgpt_backend.cli import main
from rsgpt_backend.errors import EngineError, RsgptError, UsageError

BACKEND = Path(rsgpt_backend.__file__).parents[1]


@pytest.mark.parametrize("command", [("describe", "a.png"), ("ask", "a.png", "--question", "Water?")])
def test_an_unknown_model(command: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
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
def test_wrong_use(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage: rsgpt" in capsys.readouterr().err


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert (caught.value.code, capsys.readouterr().out) == (0, f"{rsgpt_backend.__version__}\n")


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (UsageError("Say it otherwise."), 2, "Say it otherwise."),
        (EngineError("Ask again."), 1, "Ask again."),
        (RsgptError("Do this."), 1, "Do this."),
        (PermissionError(13, "Permission denied", "a.json"), 1, "'a.json'. Check its path"),
        (KeyboardInterrupt(), 1, "Stopped."),
    ],
)
def test_what_ends_a_command(
    error: BaseException, code: int, sentence: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_args: Any) -> int:
        raise error

    monkeypatch.setattr(cli.models, "run", fail)
    assert main(["models"]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert sentence in err


def test_an_unexpected_error_is_told_whole_and_ends_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli.models, "run", lambda _args: 1 / 0)
    assert main(["models"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "Traceback" in err
    assert err.splitlines()[-1] == "This is a mistake in rsgpt (ZeroDivisionError). Report it with the lines above."


def test_a_reader_that_goes_away_ends_it_quietly() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "rsgpt_backend", "doctor", "--model", "nonsense"]
    ended = subprocess.run(command, cwd=BACKEND, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (1, "")


def test_as_a_module() -> None:
    command = [sys.executable, "-m", "rsgpt_backend", "describe", "a.png", "--model", "nonsense"]
    ended = subprocess.run(command, cwd=BACKEND, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("There is no model 'nonsense'.")
    assert "Traceback" not in ended.stderr


def test_what_needs_no_model_starts_at_once() -> None:
    """PyTorch and transformers take seconds to import: a command does that when it has read what it is asked."""
    imports = "import sys, rsgpt_backend.cli, rsgpt_backend.batch.batch_run"
    check = f"{imports}; print({{'torch', 'transformers'}} & {{*sys.modules}})"
    ended = subprocess.run([sys.executable, "-c", check], cwd=BACKEND, capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "set()"
