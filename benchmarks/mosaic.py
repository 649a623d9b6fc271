"""A large mosaic of real pictures with known scenes and captions, written as a COG.

Each tile is one picture with slightly changed brightness and noise, so that no two tiles have the same bytes. Pictures
are not rotated or mirrored, so that captions with left and right stay true. Next to the mosaic, NAME.truth.gpkg holds
one polygon per tile and NAME.truth.json the captions, in the format of `rsgpt evaluate captions`.

    python -m benchmarks.mosaic build/mosaic.tif --images IMAGES.zip --captions CAPTIONS.json --side 40000
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import rasterio
import rasterio.shutil
from affine import Affine
from PIL import Image
from pyproj import CRS
from rasterio.windows import Window as RasterioWindow
from tqdm import tqdm

from rsgpt_backend.batch.tile_polygons import ShapelyGrid, TileGrid, Window
from rsgpt_backend.batch.vector_output import batch, with_geometry, write
from rsgpt_backend.data.annotations import CaptionRecord, read_captions
from rsgpt_backend.data.image_files import ImageSource
from rsgpt_plugin.shared.files.source_files import overwritten_input

_BRIGHTNESS = 6  # maximum change in gray levels
_NOISY = 0.02  # share of the pixels that are one gray level brighter
_PIXEL = 0.3048  # meters, as in UC Merced
_CORNER = (500_000.0, 4_000_000.0)  # on land in most UTM zones
_BLOCK = 512
_ROWS_AT_ONCE = 4096


@dataclass(frozen=True)
class MosaicShape:
    """side: of the mosaic, in tiles; tile: side of a picture, in pixels; zoom: mosaic pixels per picture pixel.

    angle: clockwise rotation of the rows in degrees; pixel: side of a picture pixel in units of the CRS; corner:
    position of the outer corner of the first pixel.
    """

    side: int
    tile: int
    zoom: int = 1
    crs: str = "EPSG:32611"
    angle: float = 0.0
    pixel: float = _PIXEL
    corner: tuple[float, float] = _CORNER

    @property
    def grid(self) -> TileGrid:
        """The tiles, in pixels of the mosaic."""
        step = self.tile * self.zoom
        return TileGrid(Window(0, 0, self.side * step, self.side * step), step)

    @property
    def transform(self) -> Affine:
        """The transform from pixels to the CRS."""
        size = self.pixel / self.zoom
        return Affine.translation(*self.corner) @ Affine.rotation(-self.angle) @ Affine.scale(size, -size)


def varied(pixels: np.ndarray, number: int) -> np.ndarray:
    """Return the picture as tile `number` shows it, with changes that depend only on the number."""
    chance = np.random.default_rng(number)
    shift = int(chance.integers(-_BRIGHTNESS, _BRIGHTNESS + 1))
    noise = (chance.random(pixels.shape[:2]) < _NOISY)[..., None]
    return np.clip(pixels.astype(np.int16) + shift + noise, 0, 255).astype(np.uint8)


def square_pictures(captions: Path, images: ImageSource) -> tuple[int, list[CaptionRecord]]:
    """Return the side of the first picture and the records of square pictures of this size."""
    sizes = {record: images.open(record.filename).size for record in read_captions(captions)}
    side = max(next(iter(sizes.values())))
    return side, [record for record, size in sizes.items() if size == (side, side)]


def make(
    out: Path, records: Sequence[CaptionRecord], images: ImageSource, shape: MosaicShape, folder: Path | None = None
) -> None:
    """Write the mosaic and its truth, and each tile as a PNG to `folder`. Only one row of tiles is in memory."""
    small = [np.asarray(images.open(record.filename)) for record in records]
    with tempfile.TemporaryDirectory(dir=out.parent) as scratch:
        draft = Path(scratch) / "mosaic.tif"
        _write_rows(draft, small, shape, folder)
        options = {"compress": "ZSTD", "level": 1, "predictor": 2, "blocksize": _BLOCK, "bigtiff": "IF_SAFER"}
        rasterio.shutil.copy(draft, out, driver="COG", num_threads="ALL_CPUS", **options)
    _write_truth(out, records, shape)


def _write_rows(path: Path, small: Sequence[np.ndarray], shape: MosaicShape, folder: Path | None) -> None:
    grid, profile = shape.grid, {"driver": "GTiff", "count": 3, "dtype": "uint8", "crs": shape.crs}
    tiling = {"tiled": True, "blockxsize": _BLOCK, "blockysize": _BLOCK, "photometric": "RGB", "bigtiff": "YES"}
    size = {"width": grid.region.width, "height": grid.region.height, "transform": shape.transform}
    packing = {"compress": "ZSTD", "zstd_level": 1, "predictor": 2}
    with rasterio.open(path, "w", **profile, **size, **tiling, **packing) as mosaic:
        for row in tqdm(range(shape.side), desc="mosaic", unit="row"):
            numbers = range(row * shape.side, (row + 1) * shape.side)
            tiles = [_enlarged(varied(small[number % len(small)], number), shape.zoom) for number in numbers]
            if folder:
                _save(folder, numbers, tiles)
            place = RasterioWindow(0, row * grid.size, grid.region.width, grid.size)
            mosaic.write(np.concatenate(tiles, axis=1).transpose(2, 0, 1), window=place)


def _enlarged(pixels: np.ndarray, times: int) -> np.ndarray:
    return pixels.repeat(times, axis=0).repeat(times, axis=1)


def _save(folder: Path, numbers: Sequence[int], tiles: Sequence[np.ndarray]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, pixels in zip(numbers, tiles, strict=True):
        Image.fromarray(pixels).save(folder / _name(number), compress_level=1)


def _write_truth(out: Path, records: Sequence[CaptionRecord], shape: MosaicShape) -> None:
    tiles = list(islice(cycle(records), shape.side**2))
    annotations = [
        {"image_id": number, "filename": _name(number), "scene": tile.scene, "captions": tile.captions}
        for number, tile in enumerate(tiles)
    ]
    out.with_suffix(".truth.json").write_text(json.dumps({"annotations": annotations}), "utf-8")
    path = out.with_suffix(".truth.gpkg")
    texts = ["filename", "source", "scene", "captions"]
    schema = with_geometry(path, pa.schema([("tile", pa.int64()), *((name, pa.string()) for name in texts)]))
    write(path, schema, _truth(schema, tiles, shape), CRS(shape.crs).to_wkt())


def _truth(schema: pa.Schema, tiles: Sequence[CaptionRecord], shape: MosaicShape) -> Iterator[pa.RecordBatch]:
    grid = shape.grid
    frame = ShapelyGrid(shape.transform.to_gdal(), grid.region.width, grid.region.height)
    for start in range(0, len(tiles), _ROWS_AT_ONCE):
        numbers = range(start, min(start + _ROWS_AT_ONCE, len(tiles)))
        rows = [_row(number, tiles[number]) for number in numbers]
        yield batch(schema, frame.polygons([grid.window(number) for number in numbers]), rows)


def _row(number: int, record: CaptionRecord) -> dict[str, Any]:
    truth = {"source": record.filename, "scene": record.scene, "captions": json.dumps(record.captions)}
    return {"tile": number, "filename": _name(number), **truth}


def _name(number: int) -> str:
    return f"tile{number:06}.png"


def main() -> None:
    """Write a mosaic from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--images", type=Path, required=True, help="a folder or zip")
    parser.add_argument("--captions", type=Path, required=True, help="their captions")
    parser.add_argument("--side", type=int, default=40_000, help="side in picture pixels, rounded down to whole tiles")
    parser.add_argument("--zoom", type=int, default=1, help="2 doubles the resolution")
    parser.add_argument("--crs", default="EPSG:32611", help="CRS in meters")
    parser.add_argument("--angle", type=float, default=0.0, help="clockwise rotation of the rows in degrees")
    parser.add_argument("--pictures", type=Path, help="folder for each tile as a PNG")
    args = parser.parse_args()
    read = overwritten_input(args.out, [str(args.images), str(args.captions)])
    if read is not None:
        parser.error(f"{args.out} would replace {read}, which is an input")
    images = ImageSource(args.images)
    tile, records = square_pictures(args.captions, images)
    make(
        args.out, records, images, MosaicShape(args.side // tile, tile, args.zoom, args.crs, args.angle), args.pictures
    )


if __name__ == "__main__":
    main()
