"""Rasters that store one picture in many ways; `rsgpt describe`, `rsgpt batch` and `rsgpt:describeraster` must agree.

RECORD contains the hash of each picture; tests.backend.batch.test_rasters_contract explains how to update it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.contract.tiff import NORTH_UP, Geotransform, TiffTags, write_tiff

RECORD = Path(__file__).with_name("rasters.json")
HEIGHT, WIDTH = 40, 56
LOWEST = -3.4028234663852886e38

LOCAL = 'LOCAL_CS["site grid",UNIT["metre",1]]'
KILOMETRES = (
    'PROJCS["unknown",GEOGCS["unknown",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],'
    'PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],'
    'PARAMETER["latitude_of_origin",0],PARAMETER["central_meridian",-117],PARAMETER["scale_factor",0.9996],'
    'PARAMETER["false_easting",500],PARAMETER["false_northing",0],UNIT["kilometre",1000]]'
)
MOON = (
    'PROJCS["unknown",GEOGCS["unknown",DATUM["unknown",SPHEROID["unknown",1737400,0]],PRIMEM["Reference meridian",0],'
    'UNIT["degree",0.0174532925199433]],PROJECTION["Equirectangular"],PARAMETER["standard_parallel_1",0],'
    'PARAMETER["central_meridian",0],PARAMETER["false_easting",0],PARAMETER["false_northing",0],UNIT["metre",1]]'
)


@dataclass(frozen=True, eq=False)
class RasterCase:
    """A raster. is_base: whether its picture equals that of the plain raster."""

    name: str
    values: np.ndarray
    tags: TiffTags
    is_base: bool = False

    def write(self, folder: Path) -> Path:
        """Write the raster into a new subfolder."""
        target = folder / self.name
        target.mkdir()
        return write_tiff(target / "raster.tif", self.values, self.tags)


def recorded() -> dict[str, str]:
    """Return the picture hash by case name."""
    return dict(json.loads(RECORD.read_text("utf-8")))


def cases() -> list[RasterCase]:
    """Return all cases."""
    return [*_orientations(), *_systems(), *_types(), *_bands(), *_no_data(), *_masks(), *_scales()]


def picture() -> np.ndarray:
    """Return 3 x HEIGHT x WIDTH, uint8: all rows, columns and bands differ, and 0 and 255 occur."""
    band, y, x = np.ogrid[:3, :HEIGHT, :WIDTH]
    return ((x * 4 + y * 6 + band * 37 + (x * y) // 7) % 256).astype(np.uint8)


def _stored(quarter: int, is_mirrored: bool, angle: float, oblong: float = 1.0) -> tuple[np.ndarray, Geotransform]:
    """Return the picture turned and mirrored, and the geotransform that keeps each pixel at its position."""
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    right, down = np.array([0.5 * cos, 0.5 * sin]) * oblong, np.array([0.5 * sin, -0.5 * cos])
    origin = np.array([500000.0, 4000000.0])
    numbers = np.arange(HEIGHT * WIDTH).reshape(HEIGHT, WIDTH)

    def turned(array: np.ndarray) -> np.ndarray:
        return np.rot90(array[..., ::-1] if is_mirrored else array, quarter, axes=(-2, -1))

    def center(number: int) -> np.ndarray:
        return np.asarray(origin + right * (number % WIDTH + 0.5) + down * (number // WIDTH + 0.5))

    indices = turned(numbers)
    first, second, below = center(int(indices[0, 0])), center(int(indices[0, 1])), center(int(indices[1, 0]))
    across, along = second - first, below - first
    x0, y0 = first - across / 2 - along / 2
    return turned(picture()), (x0, across[0], along[0], y0, across[1], along[1])


def _orientations() -> Iterator[RasterCase]:
    for quarter in range(4):
        for is_mirrored in (False, True):
            values, transform = _stored(quarter, is_mirrored, 0.0)
            yield _rgb(f"turned {90 * quarter}{' mirrored' * is_mirrored}", values, transform)
    for name, (quarter, is_mirrored, angle, oblong) in {
        "rotated 30": (0, False, 30.0, 1.0),
        "rotated -40 south-up": (2, True, -40.0, 1.0),
        "rotated 75": (1, False, -15.0, 1.0),
        "oblong": (0, False, 0.0, 2.0),
        "oblong south-up": (2, True, 0.0, 2.0),
        "oblong turned": (1, False, 0.0, 2.0),
    }.items():
        yield _rgb(name, *_stored(quarter, is_mirrored, angle, oblong))


def _rgb(name: str, values: np.ndarray, transform: Geotransform = NORTH_UP, **tags: Any) -> RasterCase:
    return RasterCase(name, values, TiffTags(transform, is_rgb=True, **tags), is_base=True)


def _systems() -> Iterator[RasterCase]:
    for name, transform, crs in (
        ("degrees", (-117.0, 2e-5, 0.0, 36.1, 0.0, -1e-5), 4326),
        ("across the antimeridian", (179.9998, 1e-5, 0.0, -17.0, 0.0, -1e-5), 4326),
        ("feet", (6000000.0, 1.0, 0.0, 2000000.0, 0.0, -1.0), 2229),
        ("web mercator", (-13000000.0, 0.6, 0.0, 4300000.0, 0.0, -0.6), 3857),
        ("the pole", (-14.0, 0.5, 0.0, 10.0, 0.0, -0.5), 3031),
        ("local", (0.0, 0.5, 0.0, 20.0, 0.0, -0.5), LOCAL),
        ("kilometres", (500.0, 0.0005, 0.0, 4000.0, 0.0, -0.0005), KILOMETRES),
        ("moon", (1000.0, 0.5, 0.0, 2000.0, 0.0, -0.5), MOON),
    ):
        yield _rgb(name, picture(), transform, crs=crs)


def _types() -> Iterator[RasterCase]:
    base, grey = picture(), picture()[:1]
    yield RasterCase("grey bytes", grey, TiffTags())
    yield RasterCase("few levels", base // 8 + np.uint8(90), TiffTags(is_rgb=True))
    yield RasterCase("signed bytes", (grey.astype(np.int16) - 128).astype(np.int8), TiffTags())
    yield RasterCase("16 bits", base.astype(np.uint16) * 257, TiffTags(is_rgb=True))
    yield RasterCase("grey 11 bits", grey.astype(np.uint16) * 8, TiffTags())
    yield RasterCase("signed 16 bits", grey.astype(np.int16) * 20 - 900, TiffTags())
    yield RasterCase("32 bits", grey.astype(np.uint32) * 10_000_000, TiffTags())
    yield RasterCase("signed 32 bits", base.astype(np.int32) * 1000 - 5000, TiffTags(is_rgb=True))
    yield RasterCase("floats", grey.astype(np.float32) / 255, TiffTags())
    yield RasterCase("doubles", base.astype(np.float64) / 255, TiffTags(is_rgb=True))
    yield RasterCase("constant", np.full((1, HEIGHT, WIDTH), 7, np.uint16), TiffTags())


def _bands() -> Iterator[RasterCase]:
    base = picture()
    infrared = np.where(base.mean(axis=0) > 90, 150, 0).astype(np.uint8)[None]
    yield RasterCase("two bands", base[:2], TiffTags())
    yield RasterCase("four bands", np.concatenate([base, infrared]), TiffTags(), is_base=True)
    yield RasterCase("five bands of 16 bits", np.concatenate([base, base[:2]]).astype(np.uint16) * 9, TiffTags())
    yield RasterCase("infrared flagged as alpha", np.concatenate([base, infrared]), TiffTags(is_rgb=True, extra=(2,)))
    deep = np.concatenate([base, np.full_like(base[:1], 255)]).astype(np.uint16) * 257
    yield RasterCase("alpha flagged on the second band", deep, TiffTags(extra=(2, 0, 0)))
    yield RasterCase("grey with alpha", np.concatenate([base[:1], infrared]), TiffTags(extra=(2,)))
    ramped = deep.copy()
    ramped[3] = np.maximum(0, np.arange(WIDTH) * 6 - 36)  # 0 to 300 of 65535
    yield RasterCase("alpha of 16 bits", ramped, TiffTags(is_rgb=True, extra=(2,)))


def _no_data() -> Iterator[RasterCase]:
    base = picture()
    for name, kind, stored, declared in (
        ("-9999.9", "float32", -9999.9, "-9999.9"),
        ("0.1", "float32", 0.1, "0.1"),
        ("lowest exact", "float32", LOWEST, "-3.4028234663852886e+38"),
        ("lowest of six digits", "float32", LOWEST, "-3.40282e+38"),
        ("lowest of two digits", "float32", LOWEST, "-3.4e+38"),
        ("1e20", "float32", 1e20, "1e+20"),
        ("nan", "float32", math.nan, "nan"),
        ("infinity undeclared", "float64", math.inf, ""),
        ("nan undeclared", "float32", math.nan, ""),
        ("65535", "uint16", 65535, "65535"),
        ("-32768", "int16", -32768, "-32768"),
        ("in bytes", "uint8", 255, "255"),
        ("in bytes beyond them", "uint8", 241, "-9999"),
        ("in bytes that is no number", "uint8", 0, "nan"),
    ):
        values = (base / 255 if kind.startswith("float") else base).astype(kind)
        values[:, :12] = stored
        values[0, 20:24] = stored
        yield RasterCase(f"no data {name}", values, TiffTags(is_rgb=True, no_data=declared))


def _masks() -> Iterator[RasterCase]:
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    circle = (y - 20) ** 2 + (x - 25) ** 2 < 15**2
    yield RasterCase("mask in the file", picture(), TiffTags(is_rgb=True, mask=circle))
    yield RasterCase("mask beside the file", picture(), TiffTags(is_rgb=True, mask_beside=circle))
    yield RasterCase("mask of 16 bits", picture().astype(np.uint16) * 40, TiffTags(is_rgb=True, mask=circle))
    values, transform = _stored(2, True, 0.0)
    yield RasterCase("mask south-up", values, TiffTags(transform, is_rgb=True, mask=circle[::-1]))


def _scales() -> Iterator[RasterCase]:
    def scale(value: float, offset: float) -> str:
        return "".join(
            f'<Item name="SCALE" sample="{band}" role="scale">{value}</Item>'
            f'<Item name="OFFSET" sample="{band}" role="offset">{offset}</Item>'
            for band in range(3)
        )

    yield _rgb("scaled bytes", picture(), metadata=scale(1 / 255, 0.0))
    deep = picture().astype(np.uint16) * 9
    deep[:, :12] = 65535
    yield RasterCase("scaled 16 bits", deep, TiffTags(is_rgb=True, metadata=scale(1e-4, -0.1), no_data="65535"))
