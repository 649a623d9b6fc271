"""Rasters that are damaged, empty, odd or lie about themselves, made in a folder. Opens none of them."""

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
    """A sound raster of 96 by 96, compressed in one of three ways."""
    source = write(path.with_suffix(".source.tif"), pattern(3, 96, 96))
    gdal.Translate(str(path), str(source), creationOptions=[*PROFILES[profile], "BLOCKXSIZE=32", "BLOCKYSIZE=32"])
    source.unlink()
    return path


def cut(profile: str, percent: int, path: Path) -> Path:
    """So much of it."""
    return truncate(packed(path, profile), percent / 100)


def flipped(seed: int, path: Path) -> Path:
    """A few bytes changed, half of the time among the first, where the offsets are."""
    rng = random.Random(seed)
    data = bytearray(packed(path, rng.choice(list(PROFILES))).read_bytes())
    reach = len(data) if rng.random() < 0.5 else 300
    for _ in range(rng.randint(1, 6)):
        data[rng.randrange(reach)] = rng.randrange(256)
    path.write_bytes(data)
    return path


def valued(values: np.ndarray, path: Path, odd: OddRaster | None = None) -> Path:
    """A GeoTIFF of these values."""
    return write(path, values, odd)


def floats(value: float, path: Path) -> Path:
    """One number everywhere, 64 bits."""
    return write(path, np.full((1, 48, 48), value, np.float64))


def mixed_floats(path: Path) -> Path:
    """The whole range of 64 bits, infinities and NaN among it."""
    values = np.geomspace(1e-300, 1e300, 48 * 48).reshape(1, 48, 48)
    values[0, :8, :8], values[0, 8, :], values[0, :, 9] = np.nan, np.inf, -np.inf
    return write(path, values)


def one_bit(path: Path) -> Path:
    """Black and white."""
    source = write(path.with_suffix(".source.tif"), (pattern(1, 48, 48) > 60).astype(np.uint8))
    gdal.Translate(str(path), str(source), creationOptions=["NBITS=1"])
    return path


def text(content: str, path: Path) -> Path:
    """A file of words."""
    path.write_text(content, "utf-8")
    return path


def vrt(bands: str, path: Path) -> Path:
    """A virtual raster of 64 by 64 with such bands."""
    path = path.with_suffix(".vrt")
    frame = "<GeoTransform>500000,0.5,0,4000000,0,-0.5</GeoTransform><SRS>EPSG:32611</SRS>"
    return text(f'<VRTDataset rasterXSize="64" rasterYSize="64">{frame}{bands}</VRTDataset>', path)


def band_of(source: str) -> str:
    """A band that is another file's."""
    return (
        '<VRTRasterBand dataType="Byte" band="1"><SimpleSource>'
        f'<SourceFilename relativeToVRT="1">{source}</SourceFilename><SourceBand>1</SourceBand>'
        "</SimpleSource></VRTRasterBand>"
    )


def itself(path: Path) -> Path:
    """A virtual raster made of itself."""
    return vrt(band_of(path.with_suffix(".vrt").name), path)


def each_other(path: Path) -> Path:
    """Two virtual rasters made of each other."""
    other = path.with_name(f"{path.stem}-other.vrt")
    vrt(band_of(path.with_suffix(".vrt").name), other)
    return vrt(band_of(other.name), path)


def lying_overview(path: Path) -> Path:
    """Overviews beside the file that are cut off."""
    packed(path, "plain")
    dataset = gdal.Open(str(path))
    dataset.BuildOverviews("NEAREST", [2, 4])
    del dataset
    truncate(Path(f"{path}.ovr"), 0.5)
    return path


def tile_size_zero(path: Path) -> Path:
    """The width of its tiles, tag 322, is nought."""
    data = packed(path, "deflate").read_bytes()
    place = data.index((322).to_bytes(2, "little"))
    path.write_bytes(data[: place + 8] + bytes(4) + data[place + 12 :])
    return path


def sparse(side: int, path: Path) -> Path:
    """So many pixels a side, none of which is there."""
    options = ["SPARSE_OK=TRUE", "TILED=YES", "COMPRESS=DEFLATE", "BIGTIFF=YES"]
    dataset = gdal.GetDriverByName("GTiff").Create(str(path), side, side, 3, gdal.GDT_Byte, options)
    dataset.SetGeoTransform(NORTH_UP)
    return path


def complex_numbers(path: Path) -> Path:
    """Values with an imaginary part."""
    gdal.GetDriverByName("GTiff").Create(str(path), 48, 48, 1, gdal.GDT_CFloat32).SetGeoTransform(NORTH_UP)
    return path


ODD_ONES: dict[str, Make] = {
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
    "overviews lie": lying_overview,
    "tiles of no width": tile_size_zero,
    "bomb": partial(sparse, 8_000),
    "claims a terapixel": partial(sparse, 1_000_000),
    "complex": complex_numbers,
    "empty file": partial(text, ""),
    "words": partial(text, "this is no raster"),
    "web page": partial(text, "<!doctype html><title>Sign in</title>"),
}


def corpus(rng: random.Random) -> dict[str, Make]:
    """Name and maker of each: the odd ones, those cut at each 5 %, those with bytes changed."""
    cuts = {f"{name} cut at {part} %": partial(cut, name, part) for name in PROFILES for part in range(5, 100, 5)}
    flips = {f"flipped {number}": partial(flipped, rng.randrange(2**32)) for number in range(FLIPPED)}
    return {**ODD_ONES, **cuts, **flips}
