"""Crops keep objects where they are, at any scale and in all symmetries, and depend on their seed only."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from rsgpt_backend.data.object_annotations import ObjectBox, ObjectRecord
from rsgpt_backend.errors import DataError
from rsgpt_backend.model.config import FinderConfig
from rsgpt_backend.train.examples.samples import chosen_objects
from rsgpt_backend.train.finder.crops import Example, FinderPictures, take_crop, turned
from rsgpt_backend.train.finder.settings import FinderStage
from rsgpt_backend.train.finder.targets import CropFacts
from rsgpt_backend.train.recipe import RecipeDataset
from tests.backend.train.finder.finder_data import CARS, write_cars

STAGE = FinderStage(size=64)
FILL = (127, 127, 127)
CONFIG = FinderConfig(("car",), (), ("water",), (0.5,))


def example(box: tuple[int, int, int, int], dataset: RecipeDataset = CARS, cut: int = 0) -> Example:
    """Return a black picture of 96 x 80 pixels with a white object."""
    image = Image.new("RGB", (96, 80))
    x, y, width, height = box
    image.paste("white", (x, y, x + width, y + height))
    shares = {"water": 0.5, "vegetation": 0.0}
    record = ObjectRecord("a.png", 96, 80, None, (ObjectBox("bus", *box),), shares, cut=cut)
    return Example(dataset, record, image, None, (), frozenset(("airplane", "water", "tree")))


def test_boxes_stay_on_their_objects() -> None:
    seen = 0
    for seed in range(60):
        pixels, facts = take_crop(example((30, 20, 24, 12)), random.Random(seed), STAGE, (0, 0, 0))
        assert pixels.shape == (64, 64, 3)
        for box in facts.boxes:
            rows, columns = np.nonzero(pixels.max(axis=2) > 90)
            seen += 1
            assert box.label == "car"  # a bus is counted as a car
            assert columns.min() == pytest.approx(box.x, abs=2)
            assert rows.max() + 1 == pytest.approx(box.y + box.height, abs=2)
    assert seen > 20


def test_objects_that_are_mostly_outside_are_hidden() -> None:
    facts = [take_crop(example((30, 20, 24, 12)), random.Random(seed), STAGE, FILL)[1] for seed in range(400)]
    hidden = [box for each in facts for box in each.hidden]
    assert hidden
    assert all(not (each.boxes and each.hidden) for each in facts)


def test_weights_follow_the_data_set() -> None:
    dataset = replace(CARS, partial=("ship",))
    _, facts = take_crop(example((0, 0, 4, 4), dataset), random.Random(1), STAGE, FILL)
    assert facts.weights == {"car": 1.0, "airplane": 1.0, "water": 1.0, "tree": 1.0, "ship": STAGE.unmarked}
    assert facts.edge == 0
    _, facts = take_crop(example((0, 0, 4, 4), cut=1), random.Random(1), STAGE, FILL)
    assert facts.edge > 0


def test_what_labels_and_descriptions_deny_is_learned_as_absent(tmp_path: Path) -> None:
    dataset = write_cars(tmp_path)
    data = json.loads((tmp_path / "cars.json").read_text("utf-8"))
    data["annotations"] = [row for row in data["annotations"] if row["objects"]]
    described = []
    for row in data["annotations"]:
        row["labels"] = {"ship": False, "tree": False, "water": False, "building": True}
        presence = {"airplanes": "no", "buildings": "no", "cars": "no", "trees": "yes"}
        described.append(
            {"filename": row["filename"], "text_output": "", "short": "", "kind": ["street"], "presence": presence}
        )
    (tmp_path / "cars.json").write_text(json.dumps(data), encoding="utf-8")
    (tmp_path / "described.json").write_text(json.dumps({"annotations": described}), encoding="utf-8")
    dataset = replace(dataset, complete=(), absent=(), descriptions=str(tmp_path / "described.json"))
    config = FinderConfig(("ship", "tree", "airplane", "building", "car"), (), ("water",), (0.5,) * 5)
    _, targets = FinderPictures(tmp_path, [dataset]).draw(random.Random(1), 12, STAGE, config, FILL)
    is_learned = (targets.center_weights.amax((0, 2, 3)) > 0).tolist()
    assert is_learned == [True, False, True, False, False]  # one source shows trees, buildings, and cars
    assert targets.share_weights.unique().tolist() == [1]
    assert targets.shares.unique().tolist() == [0]


def test_a_share_holds_for_the_whole_picture_or_if_it_is_plain() -> None:
    dataset = replace(CARS, shares=("water", "vegetation"))
    crops = [take_crop(example((0, 0, 4, 4), dataset), random.Random(seed), STAGE, FILL)[1] for seed in range(40)]
    whole = [facts for facts in crops if facts.inside[2] - facts.inside[0] == pytest.approx(64)]
    assert {str(facts.shares) for facts in whole} == {"{'water': 0.5, 'vegetation': 0.0}"}
    assert "{'vegetation': 0.0}" in {str(facts.shares) for facts in crops}


def test_symmetries_are_all_different_and_keep_the_box() -> None:
    pixels = np.zeros((64, 64, 3), np.uint8)
    pixels[8:16, 4:20] = 255
    mask = (pixels[..., 0] > 0).astype(np.int16)
    facts = CropFacts(
        (ObjectBox("car", 4, 8, 16, 8),), (ObjectBox("car", 0, 0, 2, 1),), (0, 4, 64, 60), 0, {}, mask=mask
    )
    views = set()
    for view in range(8):
        turned_pixels, changed = turned(pixels, facts, view)
        (box,) = changed.boxes
        ends = (int(box.x), int(box.y), int(box.x + box.width), int(box.y + box.height))
        assert turned_pixels[ends[1] : ends[3], ends[0] : ends[2]].min() == 255
        assert turned_pixels.sum() == pixels.sum()
        assert changed.mask is not None
        assert np.array_equal(changed.mask > 0, turned_pixels[..., 0] > 0)
        assert changed.inside in ((0, 4, 64, 60), (4, 0, 60, 64))
        views.add(turned_pixels.tobytes())
    assert len(views) == 8


def test_masks_are_not_interpolated(tmp_path: Path) -> None:
    dataset = write_cars(tmp_path)
    (tmp_path / "masks").mkdir()
    data = json.loads((tmp_path / "cars.json").read_text("utf-8"))
    for number, row in enumerate(data["annotations"]):
        mask = Image.new("L", (96, 80), 2)
        mask.paste(5, (0, 0, 48, 80))
        mask.save(tmp_path / "masks" / f"m{number}.png")
        row["mask"] = f"m{number}.png"
    data["classes"] = ["unlabelled", "a", "water", "b", "c", "land"]
    (tmp_path / "cars.json").write_text(json.dumps(data), encoding="utf-8")
    pictures = FinderPictures(tmp_path, [replace(dataset, masks="masks", complete=())])
    _, targets = pictures.draw(random.Random(1), 12, STAGE, CONFIG, FILL)
    assert targets.regions.unique().tolist() == [0, 1]
    assert targets.region_weights.sum() > 0
    with pytest.raises(DataError, match="has no readable masks"):
        FinderPictures(tmp_path, [replace(dataset, masks="cars.json")])


def test_batches_depend_on_the_seed_only(tmp_path: Path) -> None:
    pictures = FinderPictures(tmp_path, [write_cars(tmp_path)])
    batches = [pictures.draw(random.Random(seed), 4, STAGE, CONFIG, FILL) for seed in (1, 1, 2)]
    assert batches[0][0].dtype == torch.uint8
    assert batches[0][0].shape == (4, 3, 64, 64)
    assert torch.equal(batches[0][0], batches[1][0])
    assert torch.equal(batches[0][1].centers, batches[1][1].centers)
    assert not torch.equal(batches[0][0], batches[2][0])


def test_places_can_be_left_out(tmp_path: Path) -> None:
    dataset = write_cars(tmp_path)
    assert len(chosen_objects(tmp_path, dataset).records) == 6
    assert len(chosen_objects(tmp_path, replace(dataset, without=("Madi",))).records) == 5


def test_no_pictures_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no pictures to train on"):
        FinderPictures(tmp_path, [])
