"""The flags of `rsgpt serve`."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import rsgpt_backend
from rsgpt_backend.commands import serve
from rsgpt_backend.errors import ModelError, UsageError
from rsgpt_backend.server.launch import ServerLaunch
from tests.backend.hostile.folders import edit, make_good


def parse(*arguments: str) -> argparse.Namespace:
    """Parse a command line."""
    parser = argparse.ArgumentParser()
    serve.add_parser(parser.add_subparsers())
    return parser.parse_args(["serve", *arguments])


def test_defaults() -> None:
    args = parse()
    assert (args.port, args.model, args.exit_with_stdin) == (0, "rsgpt-small", False)
    assert (args.device, args.threads, args.features) == ("auto", 0, 2000)
    assert args.run is serve.run


def test_every_flag() -> None:
    args = parse("--port", "65535", "--model", "rsgpt-7b", "--exit-with-stdin", "--device", "cuda:1", "--threads", "3")
    assert (args.device, args.threads) == ("cuda:1", 3)
    assert (args.port, args.model, args.exit_with_stdin) == (65_535, "rsgpt-7b", True)


@pytest.mark.parametrize("port", ["-1", "65536", "x", ""])
def test_a_wrong_port_is_wrong_usage(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parse(f"--port={port}")
    assert caught.value.code == 2
    assert "--port" in capsys.readouterr().err


def test_an_unknown_model_is_refused_before_anything_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ModelError, match="no model 'nonsense'"):
        serve.run(parse("--model", "nonsense"))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"language.eos_id": 100_000}, "eos_id is 100000, but the language model has"),
        ({"language.source": "package:antigravity.x/f"}, "cannot use the package 'antigravity.x'"),
    ],
)
def test_a_model_that_cannot_answer_ends_the_server_with_a_sentence(
    tmp_path: Path, changes: dict[str, Any], sentence: str
) -> None:
    folder = make_good(tmp_path / "model")
    edit(folder / "model.json", changes)
    command = [sys.executable, "-m", "rsgpt_backend", "serve", "--model", str(folder)]
    backend = Path(rsgpt_backend.__file__).parents[1]
    ended = subprocess.run(command, cwd=backend, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 1
    assert sentence in ended.stderr.splitlines()[-1]
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("key", ["", "short", "fifteen letters", "with spaces in between", "sch\u00f6ner-schluessel"])
def test_a_weak_or_odd_key_is_wrong_use(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit):
        parse("--api-key", key)
    monkeypatch.setenv("RSGPT_SERVE_KEY", key)
    if key:
        with pytest.raises(UsageError, match="RSGPT_SERVE_KEY"):
            parse().run(parse())


def test_a_key_comes_from_the_option_the_environment_or_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    launched: list[ServerLaunch] = []

    def keep(launch: ServerLaunch) -> int:
        launched.append(launch)
        return 0

    monkeypatch.setattr(serve, "serve", keep)
    monkeypatch.delenv("RSGPT_SERVE_KEY", raising=False)
    for arguments in ([], [], ["--api-key", "o" * 16]):
        serve.run(parse(*arguments))
    monkeypatch.setenv("RSGPT_SERVE_KEY", "e" * 16)
    for arguments in ([], ["--api-key", "o" * 16]):
        serve.run(parse(*arguments))
    keys = [launch.key for launch in launched]
    assert keys[2:] == ["o" * 16, "e" * 16, "o" * 16]
    assert keys[0] != keys[1]
