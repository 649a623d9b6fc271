"""Which Python is taken, and which is not."""

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


def test_this_machine_has_one() -> None:
    found = find_python()
    assert found is not None
    assert found.is_absolute()


def test_a_working_one_is_named_by_its_own_path() -> None:
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
def test_broken_and_unfitting_ones_are_not(tmp_path: Path, text: str) -> None:
    assert probe(program(tmp_path, text)) is None


def test_what_is_not_there_is_not(tmp_path: Path) -> None:
    assert probe(tmp_path / "python3") is None
