"""Pictures by other sensors: repeatable, of the same shape, different, and gray where they say so."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch

from rsgpt_backend.model.vision.encoders import to_bytes
from rsgpt_backend.train.examples import sensors
from rsgpt_backend.train.examples.sensors import as_other_sensor, is_gray
from tests.backend.toy import picture

PIXELS = to_bytes([picture(3)], 64)[0]


def test_the_seed_determines_the_picture() -> None:
    assert torch.equal(as_other_sensor(PIXELS, "a/8"), as_other_sensor(PIXELS, "a/8"))
    assert len({as_other_sensor(PIXELS, f"a/{number}").numpy().tobytes() for number in range(20)}) == 20


def test_shape_and_type_stay() -> None:
    for number in range(40):
        changed = as_other_sensor(PIXELS, str(number))
        assert (changed.shape, changed.dtype) == (PIXELS.shape, torch.uint8)


def test_a_share_is_gray() -> None:
    gray = [number for number in range(400) if is_gray(str(number))]
    assert len(gray) == pytest.approx(80, abs=30)
    for number in range(30):
        red, green, blue = as_other_sensor(PIXELS, str(number))
        if is_gray(str(number)):
            assert torch.equal(red, green)
            assert torch.equal(green, blue)


@pytest.mark.parametrize("change", sensors._CHANGES, ids=lambda change: change.__name__)
def test_each_change_keeps_objects_in_their_places(change: sensors.Change) -> None:
    values = np.full((64, 64, 3), 60, np.uint8)
    values[8:24, 40:56] = 220
    for seed in range(10):
        changed = change(values, random.Random(seed)).astype(float).mean(2)
        assert changed[12:20, 44:52].mean() > changed[40:, :24].mean() + 15
