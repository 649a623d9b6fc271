"""Objects that `rsgpt batch --find` finds, wherever a raster begins, and how many of them are right.

    python -m benchmarks.finding DATA

The demo raster and mosaics of validation pictures with known boxes are searched: complete, and four times without
their first columns and rows. The objects of the common part must be the same. DATA is a folder with hrplanes_val.json,
buildings_val.json, and the zip files of their pictures.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyogrio
import rasterio
import shapely
from affine import Affine

from rsgpt_backend.batch.local_executor import answered
from rsgpt_backend.batch.objects.find_run import FindRun
from rsgpt_backend.batch.objects.object_rows import ObjectSearch
from rsgpt_backend.batch.objects.search_plan import SearchOptions, make_search
from rsgpt_backend.data.image_files import ImageSource
from rsgpt_backend.data.object_annotations import ObjectBox, read_objects
from rsgpt_backend.data.object_matching import boxes_of, f1, match_points
from rsgpt_backend.engine.heads.finding import WindowFinder
from rsgpt_backend.engine.loading import load_engine
from rsgpt_backend.model.heads.finder.search import padding_color
from rsgpt_backend.model.rsgpt import Rsgpt
from tests.layout.source import ROOT

OFFSETS = ((0, 0), (128, 0), (0, 77), (200, 150), (51, 253))  # columns and rows that are cut off
PICTURES = 24  # per mosaic
COLUMNS = 6
PIXEL = 0.3  # meters
CORNER = (500_000.0, 4_000_000.0)
SAME = 4.0  # pixels: points of one object in two searches are nearer
NEAR = 96  # pixels from a cut: objects there lose a part, or a part of their surroundings
DATA_SETS = (("hrplanes", "airplane"), ("buildings", "building"))

Points = np.ndarray


def mosaic(data: Path, name: str, label: str) -> tuple[np.ndarray, list[ObjectBox]]:
    """Return the first validation pictures of a data set as one picture, bands x height x width, and their boxes."""
    records = read_objects(data / f"{name}_val.json").records[:PICTURES]
    images = ImageSource(data / f"{name}_images.zip")
    width, height = images.open(records[0].filename).size
    rows = -(-len(records) // COLUMNS)
    values, boxes = np.full((3, rows * height, COLUMNS * width), 127, np.uint8), list[ObjectBox]()
    for number, record in enumerate(records):
        x, y = number % COLUMNS * width, number // COLUMNS * height
        picture = np.asarray(images.open(record.filename).convert("RGB"))[:height, :width].transpose(2, 0, 1)
        values[:, y : y + picture.shape[1], x : x + picture.shape[2]] = picture
        boxes += [replace(box, x=box.x + x, y=box.y + y) for box in boxes_of(record, label)]
    return values, boxes


def found(model: Rsgpt, values: np.ndarray, label: str, offset: tuple[int, int], folder: Path) -> Points:
    """Return the objects of a raster without its first columns and rows, in pixels of the complete raster."""
    left, top = offset
    raster, out = folder / f"{label}{left}_{top}.tif", folder / f"{label}{left}_{top}.gpkg"
    transform = Affine.translation(CORNER[0] + left * PIXEL, CORNER[1] - top * PIXEL) @ Affine.scale(PIXEL, -PIXEL)
    shape = {"width": values.shape[2] - left, "height": values.shape[1] - top, "count": 3, "dtype": "uint8"}
    with rasterio.open(raster, "w", driver="GTiff", crs="EPSG:32611", transform=transform, **shape) as dataset:
        dataset.write(values[:, top:, left:])
    config = model.config
    finder = config.require_finder()
    options = SearchOptions(finder.max_side, finder.finest_gsd_m, fill=padding_color(config.vision.mean))
    search = make_search(str(raster), options)
    with FindRun([search], ObjectSearch(config.name, config.weights_sha256, (label,)), out) as run:
        run.ask(lambda work, journal: answered(work, lambda: WindowFinder(model), journal))
        run.write()
    geometries = shapely.from_wkb(pyogrio.read_arrow(out)[1]["geom"].to_pylist())
    return np.asarray((shapely.get_coordinates(geometries) - CORNER) / (PIXEL, -PIXEL))


def same(before: Points, after: Points) -> int:
    """Return how many points of one search are points of another one."""
    boxes = [ObjectBox("", x - SAME, y - SAME, 2 * SAME, 2 * SAME) for x, y in before.tolist()]
    return match_points(after.tolist(), boxes).matched


def measure(
    model: Rsgpt, values: np.ndarray, label: str, boxes: Sequence[ObjectBox], folder: Path
) -> Iterator[dict[str, object]]:
    """Yield a row per offset: number of objects, F1 if boxes are known, and how many objects are the same.

    complete, same: objects of the complete raster in the remaining part, and how many of them were found again;
    inner: the same two numbers and all that were found, without the objects near a cut.
    """
    complete = found(model, values, label, (0, 0), folder)
    for left, top in OFFSETS:
        points = found(model, values, label, (left, top), folder) if left or top else complete
        common = _beyond(complete, left, top)
        inner = [_beyond(part, left + NEAR if left else 0, top + NEAR if top else 0) for part in (complete, points)]
        known = [box for box in boxes if box.x >= left and box.y >= top]
        row = {"object": label, "cut off": [left, top], "count": len(points), "complete": len(common)}
        score = round(100 * f1([match_points(points.tolist(), known)]), 1) if boxes else None
        row |= {"same": same(common, points), "inner": [len(inner[0]), same(*inner), len(inner[1])]}
        yield {**row, "boxes": len(known), "F1": score}


def _beyond(points: Points, left: int, top: int) -> Points:
    return points[(points[:, 0] >= left) & (points[:, 1] >= top)]


def main() -> None:
    """Measure from the command line, one JSON object per line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    data, model = parser.parse_args().data, load_engine("rsgpt-small").model
    with rasterio.open(ROOT / "resources" / "demo" / "scenes.tif") as demo:
        pictures: list[tuple[str, np.ndarray, list[ObjectBox]]] = [("airplane", demo.read(), [])]
    pictures += [(label, *mosaic(data, name, label)) for name, label in DATA_SETS]
    with tempfile.TemporaryDirectory() as folder:
        for number, (label, values, boxes) in enumerate(pictures):
            scratch = Path(folder, str(number))
            scratch.mkdir()
            for row in measure(model, values, label, boxes, scratch):
                sys.stdout.write(json.dumps(row) + "\n")
                sys.stdout.flush()


if __name__ == "__main__":
    main()
