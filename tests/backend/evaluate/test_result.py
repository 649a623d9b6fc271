"""An evaluation is read as it was written, and anything else is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from rsgpt_backend.errors import DataError
from rsgpt_backend.evaluate.result import EvaluationResult, benchmark_name, read_result


def test_there_and_back(tmp_path: Path) -> None:
    result = EvaluationResult("captions", "Ünsere Bilder", "m", "ab", "/x", {"CIDEr": 1.5}, [{"filename": "1.png"}])
    result.write(tmp_path / "a.json")
    assert read_result(tmp_path / "a.json") == result


@pytest.mark.parametrize("text", ["", "[]", '{"kind": "captions"}', "null"])
def test_something_else(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(DataError, match="holds no evaluation. Make one"):
        read_result(tmp_path / "a.json")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('{"dataset": "RSICD", "split": "val"}', "RSICD, val"),
        ('{"dataset": "RSICD"}', "RSICD"),
        ("{}", "my_labels"),
        ("[]", "my_labels"),
        ("no JSON", "my_labels"),
    ],
)
def test_the_benchmark_s_name(tmp_path: Path, text: str, name: str) -> None:
    path = tmp_path / "my_labels.json"
    path.write_text(text)
    assert benchmark_name(path) == name


@pytest.mark.parametrize(("file", "name"), [("annotations.json", "RSIEval"), ("mine.json", "mine")])
def test_a_plain_file_name_gives_way_to_its_folders(tmp_path: Path, file: str, name: str) -> None:
    path = tmp_path / "RSIEval" / file
    path.parent.mkdir()
    path.write_text("[]")
    assert benchmark_name(path) == name
