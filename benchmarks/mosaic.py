"""A large mosaic of real pictures whose scene and captions are known, tile by tile, as a COG. It asks no model.

Each tile is one picture, a little brighter or darker and with a little noise, so that no two have the same bytes;
nothing is turned or mirrored, so that what the captions say of left and right stays true. Beside the mosaic lie
NAME.truth.gpkg (a polygon a tile) and NAME.truth.json (captions, as `rsgpt evaluate captions` reads them).

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
from rsgpt_backend.batch.vector_output import batch, with_polygons, write
from rsgpt_backend.data.annotations import CaptionRecord, read_captions
from rsgpt_backend.data.image_files import ImageSource
from rsgpt_plugin.shared.files.source_files import overwritten_input

_BRIGHTNESS = 6  # grey levels, up and down
_NOISY = 0.02  # share of the pixels that are one grey level brighter
_PIXEL = 0.3048  # metres, of UC Merced's pictures
_CORNER = (500_000.0, 4_000_000.0)  # in most UTM zones there is land
_BLOCK = 512
_ROWS_AT_ONCE = 4096


@dataclass(frozen=True)
class MosaicShape:
    """side: of the mosaic, in tiles. tile: side of a picture in pixels; zoom: of the mosaic's pixels in each of these.

    angle: degrees by which the rows are turned, clockwise. pixel: of a picture, in units of the CRS.
    corner: where the first pixel's outer corner lies.
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
        """Where the pixels lie."""
        size = self.pixel / self.zoom
        return Affine.translation(*self.corner) @ Affine.rotation(-self.angle) @ Affine.scale(size, -size)


def varied(pixels: np.ndarray, number: int) -> np.ndarray:
    """A picture as tile `number` shows it: always the same for a number, and another for each."""
    chance = np.random.default_rng(number)
    shift = int(chance.integers(-_BRIGHTNESS, _BRIGHTNESS + 1))
    noise = (chance.random(pixels.shape[:2]) < _NOISY)[..., None]
    return np.clip(pixels.astype(np.int16) + shift + noise, 0, 255).astype(np.uint8)


def square_pictures(captions: Path, images: ImageSource) -> tuple[int, list[CaptionRecord]]:
    """The side of the first picture, and the records of those of its size: a few pictures are not square."""
    sizes = {record: images.open(record.filename).size for record in read_captions(captions)}
    side = max(next(iter(sizes.values())))
    return side, [record for record, size in sizes.items() if size == (side, side)]


def make(
    out: Path, records: Sequence[CaptionRecord], images: ImageSource, shape: MosaicShape, folder: Path | None = None
) -> None:
    """Write the mosaic and its truth; with `folder`, each tile as a PNG there, too. It holds one row of tiles."""
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
    told = list(islice(cycle(records), shape.side**2))
    annotations = [
        {"image_id": number, "filename": _name(number), "scene": one.scene, "captions": one.captions}
        for number, one in enumerate(told)
    ]
    out.with_suffix(".truth.json").write_text(json.dumps({"annotations": annotations}), "utf-8")
    path = out.with_suffix(".truth.gpkg")
    texts = ["filename", "source", "scene", "captions"]
    schema = with_polygons(path, pa.schema([("tile", pa.int64()), *((name, pa.string()) for name in texts)]))
    write(path, schema, _truth(schema, told, shape), CRS(shape.crs).to_wkt())


def _truth(schema: pa.Schema, told: Sequence[CaptionRecord], shape: MosaicShape) -> Iterator[pa.RecordBatch]:
    grid = shape.grid
    frame = ShapelyGrid(shape.transform.to_gdal(), grid.region.width, grid.region.height)
    for start in range(0, len(told), _ROWS_AT_ONCE):
        numbers = range(start, min(start + _ROWS_AT_ONCE, len(told)))
        rows = [_row(number, told[number]) for number in numbers]
        yield batch(schema, frame.polygons([grid.window(number) for number in numbers]), rows)


def _row(number: int, one: CaptionRecord) -> dict[str, Any]:
    known = {"source": one.filename, "scene": one.scene, "captions": json.dumps(one.captions)}
    return {"tile": number, "filename": _name(number), **known}


def _name(number: int) -> str:
    return f"tile{number:06}.png"


def main() -> None:
    """Make one from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--images", type=Path, required=True, help="a folder or zip")
    parser.add_argument("--captions", type=Path, required=True, help="their captions")
    parser.add_argument("--side", type=int, default=40_000, help="pixels of the pictures; rounded down to whole tiles")
    parser.add_argument("--zoom", type=int, default=1, help="2 doubles the resolution")
    parser.add_argument("--crs", default="EPSG:32611", help="in metres")
    parser.add_argument("--angle", type=float, default=0.0, help="degrees that the rows are turned, clockwise")
    parser.add_argument("--pictures", type=Path, help="a folder that gets each tile as a PNG")
    args = parser.parse_args()
    read = overwritten_input(args.out, [str(args.images), str(args.captions)])
    if read is not None:
        parser.error(f"{args.out} would replace {read}, which is read")
    images = ImageSource(args.images)
    tile, records = square_pictures(args.captions, images)
    make(
        args.out, records, images, MosaicShape(args.side // tile, tile, args.zoom, args.crs, args.angle), args.pictures
    )


if __name__ == "__main__":
    main()
