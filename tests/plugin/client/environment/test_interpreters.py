"""Search for a supported Python interpreter."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from rsgpt_plugin.client.environment.interpreters import find_python, probe


def program(folder: Path, text: str) -> Path:
    path = folder / "python3"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_find_python_returns_an_absolute_path() -> None:
    python = find_python()
    assert python is not None
    assert python.is_absolute()


def test_probe_returns_the_path_of_a_working_interpreter() -> None:
    assert probe(Path(sys.executable)) == Path(sys.executable)


@pytest.mark.parametrize(
    "text",
    [
        "echo 'pyenv: python3.13: command not found' >&2; exit 127",
        "printf '3\\n9\\n/usr/bin/python3.9\\n'",
        "printf '4\\n0\\n/usr/bin/python4\\n'",
        "echo nonsense",
    ],
)
def test_probe_rejects_broken_and_unsupported_interpreters(tmp_path: Path, text: str) -> None:
    assert probe(program(tmp_path, text)) is None


def test_probe_rejects_a_missing_file(tmp_path: Path) -> None:
    assert probe(tmp_path / "python3") is None
