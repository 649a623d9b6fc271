"""Object files: what is read, what may be missing, and errors that name the file."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rsgpt_backend.data.object_annotations import ObjectBox, ObjectRecord, read_masks, read_objects
from rsgpt_backend.errors import DataError


def written(path: Path, *rows: object, **more: object) -> Path:
    path.write_text(json.dumps({"annotations": list(rows), **more}))
    return path


def test_a_record_with_everything(tmp_path: Path) -> None:
    row = {
        "filename": "a.png",
        "width": 8,
        "height": 4,
        "gsd_m": 0.5,
        "objects": [{"label": "car", "bbox": [1, 2, 4, 2], "visible": 1.0}],
        "shares": {"water": 0.25},
        "labels": {"tree": False},
        "mask": "m.png",
        "place": "here",
        "cut": 2,
    }
    file = read_objects(written(tmp_path / "a.json", row, classes=["none", "water"]))
    box = ObjectBox("car", 1.0, 2.0, 4.0, 2.0)
    record = ObjectRecord("a.png", 8, 4, 0.5, (box,), {"water": 0.25}, {"tree": False}, "m.png", "here", 2)
    assert file.records == (record,)
    assert file.classes == ("none", "water")
    assert box.center == (3.0, 3.0)


def test_optional_keys_may_be_missing(tmp_path: Path) -> None:
    row = {"filename": "a.png", "width": 8, "height": 4, "gsd_m": None, "objects": []}
    assert read_objects(written(tmp_path / "a.json", row)).records == (ObjectRecord("a.png", 8, 4),)


def test_only_the_records_of_a_split(tmp_path: Path) -> None:
    rows = [
        {"filename": name, "width": 1, "height": 1, "objects": [], **more}
        for name, more in (
            ("a.png", {"split": "train"}),
            ("b.png", {"split": "val"}),
            ("c.png", {}),
        )
    ]
    file = read_objects(written(tmp_path / "a.json", *rows), "train")
    assert [record.filename for record in file.records] == ["a.png", "c.png"]


@pytest.mark.parametrize(
    "row", [{"filename": "a.png"}, [], {"filename": "a", "width": "x", "height": 1, "objects": []}]
)
def test_a_wrong_record_is_an_error_with_the_file(tmp_path: Path, row: object) -> None:
    with pytest.raises(DataError, match=r"a\.json is not a readable file of objects"):
        read_objects(written(tmp_path / "a.json", row))


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not a readable file of objects"):
        read_objects(tmp_path / "none.json")


@pytest.mark.parametrize("zipped", [False, True])
def test_masks_keep_their_values(tmp_path: Path, zipped: bool) -> None:
    folder = tmp_path / "masks"
    folder.mkdir()
    Image.fromarray(np.array([[0, 1], [2, 5]], np.uint8)).save(folder / "m.png")
    if zipped:
        with zipfile.ZipFile(tmp_path / "masks.zip", "w") as archive:
            archive.write(folder / "m.png", "deep/m.png")
    masks = read_masks(tmp_path / "masks.zip" if zipped else folder)
    assert list(masks) == ["m.png"]
    assert np.asarray(masks["m.png"]).tolist() == [[0, 1], [2, 5]]


def test_unreadable_masks_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "masks.zip").write_bytes(b"no archive")
    with pytest.raises(DataError, match="has no readable masks"):
        read_masks(tmp_path / "masks.zip")
