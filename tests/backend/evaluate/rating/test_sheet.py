"""The sheet shows each picture with its captions in random order, and is self-contained."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from rsgpt_backend.errors import DataError
from rsgpt_backend.evaluate.rating.sheet import sheet
from rsgpt_backend.evaluate.result import EvaluationResult


@pytest.fixture
def images(tmp_path: Path) -> Path:
    for number in range(12):
        Image.new("RGB", (64, 64), (number, 0, 0)).save(tmp_path / f"{number}.png")
    return tmp_path


def result(images: Path, model: str, numbers: range = range(12), kind: str = "captions") -> EvaluationResult:
    answers = [
        {"filename": f"{n}.png", "caption": f"{model} of {n}</script>", "references": ["a", "b", "c"]} for n in numbers
    ]
    return EvaluationResult(kind, "UCM-Captions, test", model, "ab" * 32, str(images), {}, answers)


def data_of(page: str) -> dict[str, Any]:
    found = re.search(r'<script id="data" type="application/json">(.*?)</script>', page, re.S)
    assert found
    return json.loads(found.group(1))


def test_two_models_side_by_side_in_random_order(images: Path) -> None:
    data = data_of(sheet([result(images, "ours"), result(images, "theirs")], None))
    assert data["models"] == ["ours abababababab", "theirs abababababab"]
    assert [case["filename"] for case in data["cases"]] == [f"{n}.png" for n in range(12)]
    first = [case["candidates"][0]["models"][0] for case in data["cases"]]
    assert set(first) == {0, 1}
    for number, case in enumerate(data["cases"]):
        named = {("ours", "theirs")[one["models"][0]]: one["caption"] for one in case["candidates"]}
        assert named == {model: f"{model} of {number}</script>" for model in ("ours", "theirs")}
        assert case["references"] == ["a", "b"]


def test_identical_captions_are_rated_once(images: Path) -> None:
    ours, theirs = result(images, "ours"), result(images, "theirs")
    theirs.answers[0]["caption"] = ours.answers[0]["caption"]
    alike, apart, *_ = data_of(sheet([ours, theirs], None))["cases"]
    assert [one["models"] for one in alike["candidates"]] == [[0, 1]]
    assert sorted(one["models"] for one in apart["candidates"]) == [[0], [1]]


def test_the_sheet_is_deterministic_and_has_an_id(images: Path) -> None:
    both = [result(images, "ours"), result(images, "theirs")]
    assert sheet(both, None) == sheet(both, None)
    assert data_of(sheet(both, None))["id"] != data_of(sheet(both, 5))["id"]


def test_model_names_are_not_visible(images: Path) -> None:
    page = sheet([result(images, "ours")], None)
    data = re.search(r'<script id="data".*?</script>', page, re.S)
    assert data
    outside = page.replace(data.group(), "")
    assert "ours" not in outside


def test_the_sheet_is_self_contained(images: Path) -> None:
    page = sheet([result(images, "ours")], 3)
    assert not re.search(r'(src|href)="(?!data:)', page)
    assert all(case["picture"].startswith("data:image/jpeg;base64,") for case in data_of(page)["cases"])


def test_only_pictures_captioned_by_all_models(images: Path) -> None:
    data = data_of(sheet([result(images, "ours", range(8)), result(images, "theirs", range(6, 12))], None))
    assert [case["filename"] for case in data["cases"]] == ["6.png", "7.png"]


def test_results_that_cannot_be_rated_are_refused(images: Path) -> None:
    with pytest.raises(DataError, match="no picture in common"):
        sheet([result(images, "ours", range(3)), result(images, "theirs", range(5, 8))], None)
    with pytest.raises(DataError, match="needs captions"):
        sheet([result(images, "ours", kind="questions")], None)
