"""`rsgpt batch` and `rsgpt describe` show the pictures that tests/contract/rasters.json records.

    PYTHONPATH=.:backend build/home/env/bin/python -m tests.backend.batch.test_rasters_contract

records the pictures of `rsgpt batch` again after an intended change.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest

from rsgpt_backend.batch.tile_pictures import TileReader, TilingOptions, make_plan
from rsgpt_backend.data import tiff
from rsgpt_backend.data.image_files import image_sha256, open_image
from rsgpt_backend.errors import ImageError
from rsgpt_plugin.shared.rasters.pixels import picture_sha256
from tests.contract import rasters
from tests.contract.rasters import RasterCase

CASES = rasters.cases()
each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: str(case.name))


def in_batch(path: Path) -> str:
    """Return the hash of a raster as one tile."""
    plan = make_plan(str(path), TilingOptions(1024))
    with TileReader(plan) as reader:
        (tile,) = plan.tiles
        return reader.picture(tile).sha256


def test_at_least_forty_rasters_are_recorded() -> None:
    assert len(CASES) >= 40
    assert list(rasters.recorded()) == [case.name for case in CASES]


def test_base_cases_show_the_plain_picture() -> None:
    plain = picture_sha256(rasters.picture().transpose(1, 2, 0))
    plain_cases = {case.name for case in CASES if rasters.recorded()[case.name] == plain}
    assert plain_cases >= {case.name for case in CASES if case.is_base}


@each_case
def test_batch_shows_the_recorded_picture(case: RasterCase, tmp_path: Path) -> None:
    assert in_batch(case.write(tmp_path)) == rasters.recorded()[case.name]


@each_case
def test_describe_shows_the_recorded_picture(case: RasterCase, tmp_path: Path) -> None:
    assert image_sha256(open_image(case.write(tmp_path))) == rasters.recorded()[case.name]


@each_case
def test_without_rasterio_describe_shows_the_recorded_picture_or_names_the_package(
    case: RasterCase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiff, "find_spec", lambda _: None)
    try:
        sha256 = image_sha256(open_image(case.write(tmp_path)))
    except ImageError as error:
        assert "without the package rasterio" in str(error)  # noqa: PT017 - depends on what Pillow can read
        sha256 = ""
    assert sha256 in ("", rasters.recorded()[case.name])


def test_without_rasterio_common_tiff_formats_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiff, "find_spec", lambda _: None)
    read = []
    for case in CASES:
        try:
            open_image(case.write(tmp_path))
        except ImageError:
            continue
        read.append(case.name)
    assert {case.name for case in CASES if case.is_base and len(case.values) == 3} <= set(read)
    assert {"grey bytes", "signed bytes", "grey 11 bits", "floats", "no data in bytes"} <= set(read)


def record() -> None:
    """Write the hashes to the contract."""
    with tempfile.TemporaryDirectory() as folder:
        hashes = {case.name: in_batch(case.write(Path(folder))) for case in CASES}
    rasters.RECORD.write_text(json.dumps(hashes, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    record()
