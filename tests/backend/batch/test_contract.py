"""`rsgpt batch` matches tests/contract/tiles.json and columns.json, like the plugin."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import shapely

from rsgpt_backend.batch.journal import TileJob
from rsgpt_backend.batch.tile_answers import answer, capture_tile
from rsgpt_backend.batch.tile_pictures import TileReader, TilingOptions, make_plan
from rsgpt_backend.batch.tile_rows import BatchQuestions, RowBuilder
from rsgpt_plugin.shared.answers.questions import parse_questions
from tests.backend.batch.rasters import OddGeoTiff, write
from tests.backend.batch.test_tile_answers import ASKED, WatchedEngine
from tests.contract import tiles

QT_TYPES = {
    "QString": pa.string(), "Double": pa.float64(), "Bool": pa.bool_(), "Int": pa.int32(),
    "QDateTime": pa.timestamp("ms", tz="UTC"),
}  # fmt: skip


@pytest.mark.parametrize("case", tiles.cases(), ids=lambda case: str(case["name"]))
def test_tiles_match_those_of_the_plugin(case: dict[str, Any], tmp_path: Path) -> None:
    crs = f"EPSG:{case['crs']}" if isinstance(case["crs"], int) else case["crs"]
    odd = OddGeoTiff(tuple(case["geotransform"]), crs, case["nodata"])
    options = {"photometric": "MINISBLACK", "alpha": "NO"}
    plan = make_plan(
        str(write(tmp_path / "a.tif", tiles.values(case), odd, **options)), TilingOptions(case["size"], case["overlap"])
    )
    recorded = case["found"]
    assert plan.bands.describe() == recorded["bands"]
    assert plan.stretch.describe(plan.bands.numbers) == recorded["stretch"]
    assert len(plan.tiles) == len(recorded["tiles"])
    with TileReader(plan) as reader:
        for tile, expected in enumerate(recorded["tiles"]):
            window, picture = plan.grid.window(tile), reader.picture(tile)
            assert [window.x, window.y, window.width, window.height] == expected["window"]
            assert (picture.sha256, picture.empty) == (expected["image_sha256"], expected["empty"])
            assert (picture.gsd_m or 0.0) == pytest.approx(expected["gsd_m"] or 0.0, rel=1e-6)
            assert asked_resolutions(reader, tile) == ([] if picture.empty else [expected["sent_gsd_m"]])
            corners = shapely.get_coordinates(plan.frame.polygons([window])).ravel()
            assert corners == pytest.approx(expected["corners"], rel=1e-12)


def asked_resolutions(reader: TileReader, tile: int) -> list[float | None]:
    """Return the ground resolution of the ask about a tile."""
    engine = WatchedEngine()
    answer(engine, ASKED, [capture_tile(reader, TileJob(1, tile, (1,)))])
    return [ask.gsd_m for ask in engine.asks]


def test_columns_match_those_of_the_plugin_and_the_raster() -> None:
    recorded = tiles.recorded_columns()
    asking = BatchQuestions("m", "w", "Describe it.", tuple(parse_questions("\n".join(recorded["questions"]))))
    schema = RowBuilder(asking, range(len(asking.asked))).schema
    expected = [(name, QT_TYPES[kind]) for name, kind in recorded["columns"]]
    assert [(field.name, field.type) for field in schema] == [*expected, ("raster", pa.string())]
