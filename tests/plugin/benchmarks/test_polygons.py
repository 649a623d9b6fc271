"""The benchmark with a small layer: it is indexed, labeled only in close views, and the table shows every row."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from qgis.core import QgsProject

from benchmarks.polygons import PolygonShape, rows


@pytest.fixture
def table(qgis_app: object, tmp_path: Path) -> Iterator[dict[str, str]]:
    yield {what: measured for what, measured, _ in rows(tmp_path / "a.gpkg", PolygonShape(2500))}
    QgsProject.instance().clear()


def test_every_row_of_the_table_is_measured(table: dict[str, str]) -> None:
    assert table["spatial index"] == "yes"
    assert table["drawing the whole layer"].endswith(", 0 labels")
    assert not table["drawing 12 tiles across"].endswith(", 0 labels")
    assert table["identifying at a point"].endswith(", 1 found")
    assert table["the tile under the mouse, for the menu"].endswith(", 1 found")
    assert table["the table, until all rows are loaded"].endswith(", 2500 rows")
    assert table["the table: all rows again"].endswith(", 2500 rows")
    assert not table["the table: searching a word"].endswith(", 2500 rows")
