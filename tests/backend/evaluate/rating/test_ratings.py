"""Ratings are read from files of the sheet and summarized by model; other files are refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rsgpt_backend.cli import main
from rsgpt_backend.errors import DataError
from rsgpt_backend.evaluate.rating.ratings import Rating, read_ratings, summary


def rated(filename: str, model: str, *grades: int | None) -> dict[str, Any]:
    return {"filename": filename, "model": model} | dict(
        zip(("detail", "position", "hallucination"), grades, strict=True)
    )


def saved(path: Path, rater: str, *records: dict[str, Any]) -> Path:
    path.write_text(json.dumps({"sheet": "x", "rater": rater, "ratings": records}))
    return path


def test_means_and_preferences(tmp_path: Path) -> None:
    one = saved(tmp_path / "1.json", "A", rated("1.png", "m", 4, 3, 4), rated("1.png", "n", 1, 3, 4))
    two = saved(tmp_path / "2.json", "B", rated("1.png", "m", 2, 3, 4), rated("1.png", "n", 2, 3, 4))
    found = summary([*read_ratings(one), *read_ratings(two)])
    assert (found["ratings"], found["raters"]) == (4, ["A", "B"])
    assert found["models"]["m"]["detail"] == {"mean": 3.0, "interval": [3.0, 3.0], "ratings": 2}
    assert found["models"]["n"]["detail"]["mean"] == 1.5
    assert found["preferred"] == [{"m": 1, "n": 0, "equal": 1}]


def test_missing_grades_are_not_counted(tmp_path: Path) -> None:
    path = saved(tmp_path / "1.json", "A", rated("1.png", "m", 4, None, None), rated("1.png", "n", 1, 1, 1))
    assert read_ratings(path)[0] == Rating("A", "1.png", "m", {"detail": 4})
    found = summary(read_ratings(path))
    assert list(found["models"]["m"]) == ["detail"]
    assert found["preferred"] == [{"m": 0, "n": 0, "equal": 0}]


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"rater": "A", "ratings": [{"filename": "1.png", "model": "m", "detail": 5}]}',
     '{"rater": "A", "ratings": [{"model": "m", "detail": 1}]}'],
)  # fmt: skip
def test_other_files_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(DataError, match="holds no ratings. Give a file saved by the rating sheet"):
        read_ratings(tmp_path / "a.json")


def test_empty_ratings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Rate some captions first"):
        summary(read_ratings(saved(tmp_path / "a.json", "A")))


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = saved(tmp_path / "1.json", "A", rated("1.png", "m", 4, 3, 2))
    assert main(["evaluate", "ratings", str(path)]) == 0
    assert "detail         4.0  (4.0 to 4.0)" in capsys.readouterr().out
    assert main(["evaluate", "ratings", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["models"]["m"]["hallucination"]["mean"] == 2.0
