"""Thumbnails are small and keep the aspect ratio."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

from rsgpt_backend.data.image_files import ImageSource
from rsgpt_backend.evaluate.report.thumbnail import thumbnail


def test_a_thumbnail_is_small_and_keeps_the_aspect_ratio(tmp_path: Path) -> None:
    Image.new("RGBA", (1000, 500)).save(tmp_path / "1.png")
    Image.new("RGB", (40, 20)).save(tmp_path / "2.png")
    source = ImageSource(tmp_path)
    assert Image.open(io.BytesIO(thumbnail(source, "1.png"))).size == (256, 128)
    assert Image.open(io.BytesIO(thumbnail(source, "2.png"))).size == (40, 20)
