"""Preparation of pictures for the encoder: resized without cropping, scaled and normalized per channel."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch
from PIL import Image

from rsgpt_backend.errors import ModelError
from rsgpt_backend.model.config import VisionConfig
from rsgpt_backend.model.vision.encoders import ENCODERS, build_encoder, normalize, to_bytes, to_square
from tests.backend.toy import make_config, picture

VISION = make_config(Path("language")).vision


def striped(size: tuple[int, int], upright: bool) -> Image.Image:
    """Return a picture of a red, a green and a blue stripe: a tenth, eight tenths and a tenth of its width."""
    stripes = Image.new("RGB", (10, 1), (0, 255, 0))
    stripes.putpixel((0, 0), (255, 0, 0))
    stripes.putpixel((9, 0), (0, 0, 255))
    return (stripes if upright else stripes.rotate(-90, expand=True)).resize(size, Image.Resampling.NEAREST)


@pytest.mark.parametrize("size", [(200, 50), (50, 200), (640, 640), (20, 30)])
@pytest.mark.parametrize("upright", [True, False])
def test_all_edges_remain_after_resizing(size: tuple[int, int], upright: bool) -> None:
    square = to_square(striped(size, upright), 64)
    assert square.size == (64, 64)
    start, middle, end = [square.getpixel((at, 32) if upright else (32, at)) for at in (2, 32, 61)]
    assert isinstance(start, tuple)
    assert isinstance(end, tuple)
    assert start[0] > 200
    assert start[2] < 60
    assert middle == (0, 255, 0)
    assert end[2] > 200
    assert end[0] < 60


def test_picture_of_the_right_size_is_returned_unchanged() -> None:
    image = picture(1, (64, 64))
    assert to_square(image, 64) is image


@pytest.mark.parametrize("mode", ["L", "RGBA", "P"])
def test_other_modes_become_rgb(mode: str) -> None:
    square = to_square(picture(1, (64, 64)).convert(mode), 64)
    assert (square.mode, square.size) == ("RGB", (64, 64))


def test_fine_lines_are_averaged() -> None:
    board = Image.new("RGB", (512, 512), "white")
    for x in range(0, 512, 2):
        board.paste("black", (x, 0, x + 1, 512))
    extrema = to_square(board, 64).getextrema()[0]
    assert isinstance(extrema, tuple)
    low, high = extrema
    assert 100 <= low <= high <= 155


def test_bytes_are_channel_first() -> None:
    pixels = to_bytes([striped((64, 64), True), Image.new("RGB", (8, 8), (1, 2, 3))], 64)
    assert (pixels.dtype, tuple(pixels.shape)) == (torch.uint8, (2, 3, 64, 64))
    assert pixels[1, :, 5, 7].tolist() == [1, 2, 3]
    assert pixels[0, :, 40, 0].tolist() == [255, 0, 0]  # row 40, column 0: red is on the left


def test_normalized_values() -> None:
    config = dataclasses.replace(VISION, mean=(0.0, 0.5, 1.0), std=(1.0, 0.25, 0.5))
    pixels = torch.tensor([0, 51, 255], dtype=torch.uint8)[None, :, None, None].repeat(1, 1, 2, 2)
    values = normalize(pixels, config)
    assert values.dtype == torch.float32
    torch.testing.assert_close(values[0, :, 1, 0], torch.tensor([0.0, (0.2 - 0.5) / 0.25, 0.0]))


@pytest.mark.parametrize(("kind", "width"), [("efficientnet-lite0", 320), ("efficientnet-lite2-fine", 832)])
@torch.no_grad()
def test_encoders_return_one_vector_per_cell(kind: str, width: int) -> None:
    encoder = build_encoder(dataclasses.replace(VISION, kind=kind, width=width)).eval()
    assert encoder(torch.zeros(1, 3, 64, 64)).shape == (1, 4, width)


def test_unknown_encoder_is_rejected_with_the_known_ones() -> None:
    config = VisionConfig("eva", 64, (0, 0, 0), (1, 1, 1), 320, 4)
    with pytest.raises(ModelError, match=r"'eva' is not known.*efficientnet-lite0"):
        build_encoder(config)
    assert "eva" not in ENCODERS
