"""Makers of damaged, empty, unusual and inconsistent raster files."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from osgeo import gdal

from tests.plugin.rasters import DEGREES, LOCAL_CRS, NORTH_UP, ROTATED, OddRaster, pattern, truncate, write

FLIPPED = 32
PROFILES = {"plain": [], "deflate": ["COMPRESS=DEFLATE", "TILED=YES"], "jpeg": ["COMPRESS=JPEG", "TILED=YES"]}

Make = Callable[[Path], Path]


def packed(path: Path, profile: str) -> Path:
    """Write a valid raster of 96 x 96 pixels with a compression of PROFILES."""
    source = write(path.with_suffix(".source.tif"), pattern(3, 96, 96))
    gdal.Translate(str(path), str(source), creationOptions=[*PROFILES[profile], "BLOCKXSIZE=32", "BLOCKYSIZE=32"])
    source.unlink()
    return path


def cut(profile: str, percent: int, path: Path) -> Path:
    return truncate(packed(path, profile), percent / 100)


def flipped(seed: int, path: Path) -> Path:
    """Write a raster with one to six changed bytes; in half of the files they are in the header with the offsets."""
    rng = random.Random(seed)
    data = bytearray(packed(path, rng.choice(list(PROFILES))).read_bytes())
    reach = len(data) if rng.random() < 0.5 else 300
    for _ in range(rng.randint(1, 6)):
        data[rng.randrange(reach)] = rng.randrange(256)
    path.write_bytes(data)
    return path


def valued(values: np.ndarray, path: Path, odd: OddRaster | None = None) -> Path:
    return write(path, values, odd)


def floats(value: float, path: Path) -> Path:
    return write(path, np.full((1, 48, 48), value, np.float64))


def mixed_floats(path: Path) -> Path:
    """Write a raster over the range of 64-bit floats, with infinities and NaN."""
    values = np.geomspace(1e-300, 1e300, 48 * 48).reshape(1, 48, 48)
    values[0, :8, :8], values[0, 8, :], values[0, :, 9] = np.nan, np.inf, -np.inf
    return write(path, values)


def one_bit(path: Path) -> Path:
    source = write(path.with_suffix(".source.tif"), (pattern(1, 48, 48) > 60).astype(np.uint8))
    gdal.Translate(str(path), str(source), creationOptions=["NBITS=1"])
    return path


def text(content: str, path: Path) -> Path:
    path.write_text(content, "utf-8")
    return path


def vrt(bands: str, path: Path) -> Path:
    """Write a virtual raster of 64 x 64 pixels. bands: its band elements."""
    path = path.with_suffix(".vrt")
    frame = "<GeoTransform>500000,0.5,0,4000000,0,-0.5</GeoTransform><SRS>EPSG:32611</SRS>"
    return text(f'<VRTDataset rasterXSize="64" rasterYSize="64">{frame}{bands}</VRTDataset>', path)


def band_of(source: str) -> str:
    return (
        '<VRTRasterBand dataType="Byte" band="1"><SimpleSource>'
        f'<SourceFilename relativeToVRT="1">{source}</SourceFilename><SourceBand>1</SourceBand>'
        "</SimpleSource></VRTRasterBand>"
    )


def itself(path: Path) -> Path:
    """Write a virtual raster that reads from itself."""
    return vrt(band_of(path.with_suffix(".vrt").name), path)


def each_other(path: Path) -> Path:
    """Write two virtual rasters that read from each other."""
    other = path.with_name(f"{path.stem}-other.vrt")
    vrt(band_of(path.with_suffix(".vrt").name), other)
    return vrt(band_of(other.name), path)


def truncated_overviews(path: Path) -> Path:
    packed(path, "plain")
    dataset = gdal.Open(str(path))
    dataset.BuildOverviews("NEAREST", [2, 4])
    del dataset
    truncate(Path(f"{path}.ovr"), 0.5)
    return path


def tile_size_zero(path: Path) -> Path:
    """Write a raster whose tile width (TIFF tag 322) is 0."""
    data = packed(path, "deflate").read_bytes()
    offset = data.index((322).to_bytes(2, "little"))
    path.write_bytes(data[: offset + 8] + bytes(4) + data[offset + 12 :])
    return path


def sparse(side: int, path: Path) -> Path:
    """Write a sparse raster of `side` x `side` pixels without data."""
    options = ["SPARSE_OK=TRUE", "TILED=YES", "COMPRESS=DEFLATE", "BIGTIFF=YES"]
    dataset = gdal.GetDriverByName("GTiff").Create(str(path), side, side, 3, gdal.GDT_Byte, options)
    dataset.SetGeoTransform(NORTH_UP)
    return path


def complex_numbers(path: Path) -> Path:
    gdal.GetDriverByName("GTiff").Create(str(path), 48, 48, 1, gdal.GDT_CFloat32).SetGeoTransform(NORTH_UP)
    return path


UNUSUAL: dict[str, Make] = {
    "no bands": partial(vrt, ""),
    "1 by 1": partial(valued, pattern(3, 1, 1)),
    "one row": partial(valued, pattern(3, 1, 200)),
    "one column": partial(valued, pattern(3, 200, 1)),
    "all no data": partial(valued, np.zeros((3, 48, 48), np.uint8), odd=OddRaster(nodata=0)),
    "all NaN": partial(floats, float("nan")),
    "infinite": partial(floats, float("inf")),
    "huge": partial(floats, 1e308),
    "all of float64": mixed_floats,
    "one bit": one_bit,
    "palette": partial(valued, pattern(1, 48, 48), odd=OddRaster(palette=True)),
    "five bands": partial(valued, pattern(5, 48, 48)),
    "no CRS": partial(valued, pattern(3, 48, 48), odd=OddRaster(crs=None)),
    "CRS of no authority": partial(valued, pattern(3, 48, 48), odd=OddRaster(crs=LOCAL_CRS)),
    "rotated": partial(valued, pattern(3, 48, 48), odd=OddRaster(ROTATED)),
    "degrees": partial(valued, pattern(3, 48, 48), odd=OddRaster(DEGREES, 4326)),
    "over the antimeridian": partial(
        valued, pattern(3, 48, 48), odd=OddRaster((179.99, 0.001, 0, 10.0, 0, -0.001), 4326)
    ),
    "south up": partial(valued, pattern(3, 48, 48), odd=OddRaster((500000.0, 0.5, 0.0, 4000000.0, 0.0, 0.5))),
    "no extent": partial(valued, pattern(3, 48, 48), odd=OddRaster((0.0, 0.0, 0.0, 0.0, 0.0, 0.0))),
    "infinite extent": partial(valued, pattern(3, 48, 48), odd=OddRaster((0.0, float("inf"), 0.0, 0.0, 0.0, -1.0))),
    "source is missing": partial(vrt, band_of("gone.tif")),
    "made of itself": itself,
    "made of each other": each_other,
    "overviews lie": truncated_overviews,
    "tiles of no width": tile_size_zero,
    "bomb": partial(sparse, 8_000),
    "claims a terapixel": partial(sparse, 1_000_000),
    "complex": complex_numbers,
    "empty file": partial(text, ""),
    "words": partial(text, "this is not a raster"),
    "web page": partial(text, "<!doctype html><title>Sign in</title>"),
}


def corpus(rng: random.Random) -> dict[str, Make]:
    """Return the makers by name: unusual rasters, rasters truncated in steps of 5 %, and rasters with changed bytes."""
    cuts = {f"{name} cut at {part} %": partial(cut, name, part) for name in PROFILES for part in range(5, 100, 5)}
    flips = {f"flipped {number}": partial(flipped, rng.randrange(2**32)) for number in range(FLIPPED)}
    return {**UNUSUAL, **cuts, **flips}
