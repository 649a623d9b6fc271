"""An evaluation is read as it was written; other files are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from rsgpt_backend.errors import DataError
from rsgpt_backend.evaluate.result import EvaluationResult, benchmark_name, read_result


def test_a_written_result_is_read_again(tmp_path: Path) -> None:
    result = EvaluationResult("captions", "Ünsere Bilder", "m", "ab", "/x", {"CIDEr": 1.5}, [{"filename": "1.png"}])
    result.write(tmp_path / "a.json")
    assert read_result(tmp_path / "a.json") == result


@pytest.mark.parametrize("text", ["", "[]", '{"kind": "captions"}', "null"])
def test_other_files_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(DataError, match="holds no evaluation. Create one"):
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
def test_a_generic_file_name_is_replaced_by_its_folder(tmp_path: Path, file: str, name: str) -> None:
    path = tmp_path / "RSIEval" / file
    path.parent.mkdir()
    path.write_text("[]")
    assert benchmark_name(path) == name
