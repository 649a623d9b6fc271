"""Losses between a raster and the attributes of its tiles: a mosaic of known pictures is described in QGIS.

    python -m benchmarks.truth --images IMAGES.zip --captions CAPTIONS.json

Each route places the mosaic of `benchmarks.mosaic` differently and runs `rsgpt:describeraster` on it without saved
answers. The captions of the layer are matched with the truth by position, scored, and compared with the captions that
`rsgpt evaluate captions` writes for the same pictures one by one.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyogrio
import rasterio
import shapely

from benchmarks.common import run
from benchmarks.home import forgetful_home
from benchmarks.mosaic import MosaicShape, make, square_pictures
from benchmarks.tile_server import CRS, MapTile, tiles_of
from rsgpt_backend.batch.tile_pictures import TilePicture
from rsgpt_backend.data.annotations import read_captions
from rsgpt_backend.data.image_files import ImageSource, open_image
from rsgpt_backend.evaluate.ask_all import spread
from rsgpt_backend.evaluate.caption_metrics import score
from rsgpt_backend.evaluate.intervals import interval
from rsgpt_backend.evaluate.result import read_result

ROOT = Path(__file__).parent.parent
MAX_LOSS = 3.0  # percent of CIDEr
# At 59.9 degrees north a pixel of this zoom level is 0.3 m wide, which is the default of the algorithm.
ONLINE = MapTile(18, 149_237, 76_267)
# At 44.7 degrees north, pixels of 0.3 m are in the middle between two zoom levels.
BETWEEN = {"crs": CRS, "pixel": 0.42235, "corner": (854_000.0, 5_581_000.0)}
MAX_ZOOM = 20  # of the server


@dataclass(frozen=True)
class Route:
    """A way from pictures to attributes. placement: arguments of MosaicShape; asked: parameters of the algorithm.

    online: whether QGIS reads from a tile server instead of the file; enlarged: zoom of the pictures that are asked
    about one by one.
    """

    name: str
    placement: dict[str, Any] = field(default_factory=dict)
    asked: tuple[str, ...] = ("TILE_SIZE=256",)
    online: bool = False
    enlarged: int = 1


def _online(shift: float) -> dict[str, Any]:
    """Return the placement on the grid of the server's tiles, shifted by a share of a pixel."""
    x, y = ONLINE.corner
    return {"crs": CRS, "pixel": ONLINE.pixel, "corner": (x + shift * ONLINE.pixel, y - shift * ONLINE.pixel)}


ROUTES = (
    Route("plain"),
    Route("rows rotated by 30 degrees", {"angle": 30.0}),
    Route("polar CRS, north 61 degrees to the right", {"crs": "EPSG:3413", "corner": (1_117_000.0, -629_000.0)}),
    Route("CRS with northing before easting", {"crs": "EPSG:2193", "corner": (1_567_000.0, 5_183_000.0)}),
    Route("CRS with axes to west and south", {"crs": "EPSG:2054", "corner": (2_000.0, 3_305_000.0)}),
    Route("double resolution, tiles of 512 pixels", {"zoom": 2}, ("TILE_SIZE=512",)),
    Route("the same, compared with enlarged pictures", {"zoom": 2}, ("TILE_SIZE=512",), enlarged=2),
    Route("double resolution, drawn at 0.3048 m", {"zoom": 2}, ("TILE_SIZE=256", "GROUND_RESOLUTION=0.3048")),
    Route("XYZ layer, on its grid", _online(0.0), online=True),
    Route("XYZ layer, half a pixel off its grid", _online(0.5), online=True),
    Route("XYZ layer, in the middle between its zoom levels", BETWEEN, online=True),
)


@dataclass(frozen=True)
class PictureAnswer:
    """Captions of single pictures. sha256: of the pixels; cider: of all, times 100; each: CIDEr per picture."""

    captions: Mapping[str, str]
    sha256: Mapping[str, str]
    cider: float
    each: Mapping[str, float]


@dataclass(frozen=True)
class LayerMatch:
    """A layer compared with the pictures of its tiles.

    covered: minimum share of a tile that its row's polygon covers; pictures, captions: number of identical ones;
    chance: 95 % interval of the difference from `PictureAnswer.cider` by bootstrap over pictures.
    """

    rows: int
    covered: float
    pictures: int
    captions: int
    cider: float
    chance: tuple[float, float]


def one_by_one(pictures: Path, truth: Path) -> PictureAnswer:
    """Return the captions and scores of `rsgpt evaluate captions` for the pictures."""
    with TemporaryDirectory() as folder:
        answers = Path(folder, "answers.json")
        options = ("--images", str(pictures), "--annotations", str(truth), "--answers", str(answers))
        run(ROOT / "scripts" / "rsgpt", "evaluate", "captions", *options)
        result = read_result(answers)
    captions = {answer["filename"]: answer["caption"] for answer in result.answers}
    each = {answer["filename"]: answer["CIDEr"] for answer in result.answers}
    return PictureAnswer(captions, {name: _sha256(pictures / name) for name in captions}, result.scores["CIDEr"], each)


def through_qgis(raster: Path, route: Route, alone: PictureAnswer) -> LayerMatch:
    """Run `rsgpt:describeraster` and return how its layer matches the polygons of the truth."""
    layer = raster.with_suffix(".answers.gpkg")
    with TemporaryDirectory() as folder, _source(raster, route.online) as source:
        home = forgetful_home(Path(folder, "home"), Path(os.environ["RSGPT_HOME"]))
        command = (ROOT / "scripts" / "qgis_process", "run", "rsgpt:describeraster", "--")
        run(*command, *source, *route.asked, f"OUTPUT={layer}", RSGPT_HOME=str(home))
    truth, layer_rows = _table(raster.with_suffix(".truth.gpkg"), "filename"), _table(layer, "caption", "image_sha256")
    if layer_rows.crs != truth.crs:
        raise SystemExit(f"The layer's CRS is {layer_rows.crs}, the mosaic's {truth.crs}.")
    best, covered = match_rows(truth.polygons, layer_rows.polygons)
    names = truth.texts["filename"]
    captions, shown = (
        {name: layer_rows.texts[column][row] if row >= 0 else "" for name, row in zip(names, best, strict=True)}
        for column in ("caption", "image_sha256")
    )
    each = _cider(captions, raster.with_suffix(".truth.json"))
    return LayerMatch(
        rows=len(layer_rows.polygons),
        covered=float(covered.min()),
        pictures=sum(alone.sha256[name] == shown[name] for name in names),
        captions=sum(alone.captions[name] == captions[name] for name in names),
        cider=statistics.fmean(each.values()),
        chance=interval([each[name] - alone.each[name] for name in names], names),
    )


def match_rows(tiles: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return for each tile the number of the row that covers most of it, or -1, and the covered share, 0 to 1."""
    hit, row = shapely.STRtree(rows).query(tiles, predicate="intersects")
    shares = shapely.area(shapely.intersection(tiles[hit], rows[row])) / shapely.area(tiles[hit])
    best, covered = np.full(len(tiles), -1), np.zeros(len(tiles))
    order = np.argsort(shares, kind="stable")
    for number in order[shares[order] > 0]:
        best[hit[number]], covered[hit[number]] = row[number], shares[number]
    return best, covered


@dataclass(frozen=True)
class _Table:
    crs: str
    polygons: np.ndarray
    texts: Mapping[str, list[str]]


def _table(path: Path, *columns: str) -> _Table:
    meta, rows = pyogrio.read_arrow(path, columns=list(columns))
    polygons = shapely.from_wkb(rows[meta["geometry_name"] or "wkb_geometry"])
    texts = {name: [text or "" for text in rows[name].to_pylist()] for name in columns}
    return _Table(meta["crs"], np.asarray(polygons), texts)


def _sha256(picture: Path) -> str:
    return TilePicture(np.asarray(open_image(picture)), 0.0, False).sha256


def _cider(captions: Mapping[str, str], truth: Path) -> dict[str, float]:
    """Return the CIDEr of each picture, by file name."""
    records = read_captions(truth)
    references = {number: list(record.captions) for number, record in enumerate(records)}
    options = {number: [captions[record.filename]] for number, record in enumerate(records)}
    each = score(references, options)[1]["CIDEr"]
    return {record.filename: value for record, value in zip(records, each, strict=True)}


@contextmanager
def _source(raster: Path, online: bool) -> Iterator[tuple[str, ...]]:
    """Yield INPUT, and EXTENT for an online layer, which covers the world."""
    if not online:
        yield (f"INPUT={raster}",)
        return
    with rasterio.open(raster) as mosaic, tiles_of(raster) as address:
        left, bottom, right, top = mosaic.bounds
        extent = f"EXTENT={left:.9f},{right:.9f},{bottom:.9f},{top:.9f} [{CRS}]"
        yield f"INPUT=wms://type=xyz&url={address}&zmin=0&zmax={MAX_ZOOM}", extent


class TruthBench:
    """Mosaics of the same pictures in one folder, and the captions of these pictures one by one."""

    def __init__(self, images: Path, captions: Path, side: int, out: Path) -> None:
        self._images = ImageSource(images)
        self._tile, records = square_pictures(captions, self._images)
        self._records, self._side, self._out = spread(records, side**2), side, out
        self.alone = cache(self._alone)
        out.mkdir(parents=True, exist_ok=True)

    def mosaic(self, name: str, placement: Mapping[str, Any], pictures: Path | None = None) -> Path:
        """Write a mosaic, and its tiles to the folder `pictures`."""
        raster = self._out / f"{name}.tif"
        make(raster, self._records, self._images, MosaicShape(self._side, self._tile, **placement), pictures)
        return raster

    def _alone(self, enlarged: int) -> PictureAnswer:
        pictures = self._out / f"pictures{enlarged}"
        mosaic = self.mosaic(pictures.name, {"zoom": enlarged}, pictures)
        return one_by_one(pictures, mosaic.with_suffix(".truth.json"))


def main() -> int:
    """Print the table, route by route; return 1 if a route loses too much."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=Path, required=True, help="folder or zip file of pictures")
    parser.add_argument("--captions", type=Path, required=True, help="caption file")
    parser.add_argument("--side", type=int, default=14, help="side of the mosaics in pictures")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "truth", help="folder for mosaics and layers")
    parser.add_argument("--route", type=int, action="append", help="only this route, counted from 0; can be repeated")
    args = parser.parse_args()
    bench, lost = TruthBench(args.images, args.captions, args.side, args.out), False
    sys.stdout.write(f"| {' | '.join(_COLUMNS)} |\n{'|---' * len(_COLUMNS)}|\n")
    for number in args.route or range(len(ROUTES)):
        route = ROUTES[number]
        alone = bench.alone(route.enlarged)
        lost |= _print_row(route, alone, through_qgis(bench.mosaic(f"route{number}", route.placement), route, alone))
    return int(lost)


_COLUMNS = (
    "route", "tiles", "rows", "covered by its row", "same pictures", "same captions", "CIDEr one by one",
    "CIDEr of the layer", "difference, at most 3 % less", "95 % interval",
)  # fmt: skip


def _print_row(route: Route, alone: PictureAnswer, match: LayerMatch) -> bool:
    """Print the row of a route and return whether the route loses too much."""
    share = 100 / alone.cider
    # Adding 0.0 removes the sign of a negative zero.
    off, low, high = (round(share * part, 1) + 0.0 for part in (match.cider - alone.cider, *match.chance))
    counts = (len(alone.captions), match.rows, f"{match.covered:.1%}", match.pictures, match.captions)
    scores = (f"{alone.cider:.1f}", f"{match.cider:.1f}", f"{off:+} %", f"{low:+} to {high:+} %")
    sys.stdout.write(f"| {' | '.join(map(str, (route.name, *counts, *scores)))} |\n")
    sys.stdout.flush()
    return off < -MAX_LOSS


if __name__ == "__main__":
    sys.exit(main())
