"""Samples join captions, questions, descriptions and objects of a picture; labels overrule what is derived."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from rsgpt_backend.errors import DataError
from rsgpt_backend.train.examples.samples import Sample, read_samples
from rsgpt_backend.train.examples.sensors import is_gray
from rsgpt_backend.train.recipe import RecipeDataset

SIZE = 64


def read(folder: Path, captions: Sequence[Any] = (), objects: Sequence[Any] = (), **more: Any) -> dict[str, Sample]:
    """Samples of a data set with these records, by file name."""
    files = {"captions": captions, "objects": [{"width": 32, "height": 16, "objects": [], **row} for row in objects]}
    for key, rows in files.items():
        if rows:
            record = {"annotations": rows, "classes": more.pop("classes", [])}
            (folder / f"{key}.json").write_text(json.dumps(record))
            more[key] = f"{key}.json"
    samples = read_samples(folder, RecipeDataset("images", **more), 3, SIZE)
    return {sample.filename: sample for sample in samples}


def presence(sample: Sample) -> dict[str, set[str]]:
    """All answers to each first wording of a question about presence."""
    answers: dict[str, set[str]] = {}
    for example in sample.objects:
        if example.kind == "presence":
            answers.setdefault(example.prompts[0], set()).update(example.answers)
    return answers


def test_pictures_of_all_files_are_joined(tmp_path: Path) -> None:
    found = read(tmp_path, [{"filename": "a.png", "captions": ["A lake"]}], [{"filename": "b.png"}])
    assert set(found) == {"a.png", "b.png"}
    assert {sample.dataset for sample in found.values()} == {3}
    assert (found["a.png"].sentences, found["b.png"].sentences) == (("A lake",), ())
    assert not found["b.png"].captions


def test_nothing_is_asked_about_what_sources_contradict(tmp_path: Path) -> None:
    captions = [{"filename": "a.png", "captions": ["Trees along a road", "A road with trees"]}]
    (sample,) = read(tmp_path, captions, [{"filename": "a.png", "labels": {"tree": False, "water": True}}]).values()
    assert "Are there any trees?" not in presence(sample)
    assert sample.presence == {"water": True}
    assert presence(sample)["Are there any roads?"] == {"yes"}


def test_numbers_contradict_presence(tmp_path: Path) -> None:
    row = {
        "filename": "a.png",
        "text_output": "A lot.",
        "short": "A lot.",
        "kind": ["yard"],
        "presence": {"cars": "yes"},
    }
    (tmp_path / "described.json").write_text(json.dumps({"annotations": [row]}))
    described = str(tmp_path / "described.json")
    (sample,) = read(tmp_path, (), [{"filename": "a.png"}], complete=("car",), descriptions=described).values()
    assert not [one for one in sample.objects if "car" in one.prompts[0] or "vehicle" in one.prompts[0]]


def test_questions_that_labels_contradict_are_left_out(tmp_path: Path) -> None:
    rows = [
        {"filename": "a.png", "question": f"Does this picture contain {thing}?", "answer": "yes", "type": "presence"}
        for thing in ("trees", "an airplane")
    ]
    (tmp_path / "questions.json").write_text(json.dumps({"annotations": rows}))
    objects = [{"filename": "a.png", "labels": {"tree": False, "airplane": True}}]
    (sample,) = read(tmp_path, [{"filename": "a.png", "captions": ["x"]}], objects, questions="questions.json").values()
    assert presence(sample)["Are there any trees?"] == {"no"}
    assert "Does this picture contain an airplane?" in presence(sample)
    assert "Does this picture contain trees?" not in presence(sample)


def test_the_ground_resolution_of_a_record_or_the_data_set(tmp_path: Path) -> None:
    found = read(tmp_path, (), [{"filename": "a.png", "gsd_m": 0.5}, {"filename": "b.png"}])
    assert found["a.png"].gsd_m == 0.5
    assert found["b.png"].gsd_m is None
    assert read(tmp_path, [{"filename": "c.png", "captions": ["x"]}], gsd_m=0.3)["c.png"].gsd_m == 0.3


def test_skipped_places_and_absent_labels(tmp_path: Path) -> None:
    objects = [{"filename": "a.png", "place": "Madison 1"}, {"filename": "b.png", "place": "Minsk"}]
    found = read(tmp_path, (), objects, complete=("car",), absent=("airplane",), without=("Madison",))
    assert set(found) == {"b.png"}
    assert found["b.png"].presence == {"car": False, "airplane": False}


def test_only_records_of_the_split(tmp_path: Path) -> None:
    objects = [{"filename": "a.png", "split": "train"}, {"filename": "b.png", "split": "val"}]
    assert set(read(tmp_path, (), objects, split="train")) == {"a.png"}


def test_described_pictures(tmp_path: Path) -> None:
    row = {"filename": "a.png", "text_output": "A sea. It is blue.", "short": "A sea.", "kind": ["sea"], "presence": {}}
    (tmp_path / "described.json").write_text(json.dumps({"annotations": [row]}))
    (sample,) = read(tmp_path, descriptions=str(tmp_path / "described.json")).values()
    assert [one.answers for one in (*sample.captions, *sample.details)] == [("A sea.",), ("A sea. It is blue.",)]
    assert sample.sentences == ("A sea. It is blue. A sea. sea",)
    assert set(sample.questions) == {"described kind", "choice"}


def test_masks_become_questions_about_places(tmp_path: Path) -> None:
    mask = np.zeros((16, 32), np.uint8)
    mask[:6, :8] = 1
    (tmp_path / "masks").mkdir()
    Image.fromarray(mask).save(tmp_path / "masks" / "m.png")
    objects = [{"filename": "a.png", "mask": "m.png"}]
    (sample,) = read(tmp_path, (), objects, classes=["land", "water"], masks="masks").values()
    assert [one.answers for one in sample.questions["position"]] == [("top left",)]
    with pytest.raises(DataError, match="names no classes"):
        read(tmp_path, (), objects, masks="masks")


def test_copies_by_other_sensors_are_further_views(tmp_path: Path) -> None:
    (sample,) = read(tmp_path, (), [{"filename": "a.png"}], views=2, sensors=9).values()
    assert sample.views == (0, 1, *range(8, 17))
    assert {one.answers for one in sample.objects if one.kind == "image"} == {("gray",), ("color",)}
    assert not sample.is_gray(0)
    colored = next(name for name in ("b.png", "c.png", "d.png", "e.png") if not is_gray(f"{name}/8"))
    (sample,) = read(tmp_path, (), [{"filename": colored}], sensors=1).values()
    assert {one.answers for one in sample.objects if one.kind == "image"} == {("color",)}


def test_the_variety_is_the_number_of_different_sentences(tmp_path: Path) -> None:
    captions = [{"filename": "a.png", "captions": ["A lake", "a lake.", "A pond"]}]
    found = read(tmp_path, captions, [{"filename": "b.png"}])
    assert (found["a.png"].variety, found["b.png"].variety) == (2, 1)
