"""Small rasters of unusual kinds. Each shows a bright square on a dark ramp."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from osgeo import gdal, osr

UTM = 32611
NORTH_UP = (500000.0, 0.5, 0.0, 4000000.0, 0.0, -0.5)
# 30 degrees clockwise, pixels of 0.5 m.
ROTATED = (500000.0, 0.5 * 0.8660254, -0.25, 4000000.0, -0.25, -0.5 * 0.8660254)
DEGREES = (-115.3, 2.7e-6, 0.0, 36.1, 0.0, -2.7e-6)

# A transverse Mercator projection without an authority code.
LOCAL_CRS = "+proj=tmerc +lat_0=36.1 +lon_0=-115.3 +k=0.99995 +x_0=1234 +y_0=4321 +ellps=bessel +units=m +no_defs"


@dataclass(frozen=True)
class OddRaster:
    """Unusual properties of a raster. crs: an EPSG number, a PROJ text, or None."""

    geotransform: tuple[float, ...] = NORTH_UP
    crs: int | str | None = UTM
    nodata: float | None = None
    meanings: Sequence[int] = ()
    palette: bool = False


def pattern(bands: int, height: int, width: int, kind: str = "uint8") -> np.ndarray:
    """Return bands x height x width of `kind`: a ramp with a bright square, different in each band."""
    ramp = np.linspace(10, 90, width)[None, :] + np.linspace(0, 60, height)[:, None]
    ramp[height // 4 : height // 2, width // 4 : width // 2] = 240
    stack = np.stack([np.clip(ramp + 4 * band, 0, 255) for band in range(bands)])
    scale = {"uint8": 1, "uint16": 40, "int16": 20, "float32": 0.001, "float64": 0.001}[kind]
    return (stack * scale).astype(kind)


def write(path: Path, values: np.ndarray, odd: OddRaster | None = None) -> Path:
    """Write bands x height x width as a GeoTIFF."""
    odd = odd or OddRaster()
    bands, height, width = values.shape
    kind = {"uint8": gdal.GDT_Byte, "uint16": gdal.GDT_UInt16, "int16": gdal.GDT_Int16,
            "float32": gdal.GDT_Float32, "float64": gdal.GDT_Float64}[values.dtype.name]  # fmt: skip
    options = ["PHOTOMETRIC=MINISBLACK", "ALPHA=NO"] if not odd.palette else []
    dataset = gdal.GetDriverByName("GTiff").Create(str(path), width, height, bands, kind, options)
    dataset.SetGeoTransform(odd.geotransform)
    if odd.crs is not None:
        dataset.SetSpatialRef(_reference(odd.crs))
    for number in range(1, bands + 1):
        _fill(dataset.GetRasterBand(number), number, values[number - 1], odd)
    dataset.FlushCache()
    return path


def truncate(path: Path, share: float) -> Path:
    """Truncate a file to `share` of its size."""
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path


def _fill(band: gdal.Band, number: int, values: np.ndarray, odd: OddRaster) -> None:
    if odd.nodata is not None:
        band.SetNoDataValue(odd.nodata)
    if number <= len(odd.meanings):
        band.SetColorInterpretation(odd.meanings[number - 1])
    if odd.palette:
        table = gdal.ColorTable()
        for index in range(256):
            table.SetColorEntry(index, (index, 255 - index, 128, 255))
        band.SetRasterColorTable(table)
    band.WriteArray(values)


def _reference(crs: int | str) -> osr.SpatialReference:
    reference = osr.SpatialReference()
    if isinstance(crs, int):
        reference.ImportFromEPSG(crs)
    else:
        reference.ImportFromProj4(crs)
    return reference
