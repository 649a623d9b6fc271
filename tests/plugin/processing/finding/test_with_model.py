"""The real model finds in QGIS exactly what it finds on the command line."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import processing
import pytest
from osgeo import gdal
from qgis.core import QgsVectorLayer

from rsgpt_plugin.core.paths import plugin_root
from rsgpt_plugin.shared.results.columns import object_columns
from tests.plugin.processing.conftest import rows_of

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("provider")]

DEMO = plugin_root() / "resources" / "demo" / "scenes.tif"
AIRPORT = (1280, 0, 256, 256)  # columns and rows of a tile with airplanes: x, y, width, height


@pytest.fixture
def finding_weights() -> None:
    """The model's own model.json."""


@pytest.fixture
def weights() -> None:
    """The shipped models."""


@pytest.fixture
def airport(tmp_path: Path) -> Path:
    """A part of the demo raster without lossy compression, which two versions of GDAL read alike."""
    path = tmp_path / "airport.tif"
    gdal.Translate(str(path), str(DEMO), srcWin=AIRPORT, creationOptions=["COMPRESS=DEFLATE"])
    return path


def values_of(layer: QgsVectorLayer) -> list[dict[str, Any]]:
    names = [column.name for column in object_columns() if column.name != "asked_at"]
    rows = [{name: row[name] for name in names} for row in layer.getFeatures()]
    places = [row.geometry().asPoint() for row in layer.getFeatures()]
    return [{**row, "place": (round(p.x(), 6), round(p.y(), 6))} for row, p in zip(rows, places)]


def test_the_results_are_those_of_the_command_line(
    airport: Path, real_home: Path, backend_python: Path, tmp_path: Path
) -> None:
    found = processing.run(
        "rsgpt:findobjects",
        {"INPUT": str(airport), "OBJECTS": ["airplane", "car"], "OUTPUT": str(tmp_path / "q.gpkg")},
    )
    assert found["FAILED"] == found["SKIPPED"] == 0
    out = tmp_path / "b.gpkg"
    command = [str(backend_python), "-m", "rsgpt_backend", "batch", str(airport), "--out", str(out), "--json"]
    done = subprocess.run(
        [*command, "--find", "airplane", "--find", "car"],
        check=True,
        capture_output=True,
        text=True,
        cwd=plugin_root() / "backend",
    )
    counts = json.loads(done.stdout)
    assert counts["objects"]["airplane"] >= 2
    assert (counts["windows"], sum(counts["objects"].values())) == (found["TILES"], found["FOUND"])
    in_qgis = QgsVectorLayer(f"{tmp_path / 'q.gpkg'}|layername=q")
    assert values_of(in_qgis) == values_of(QgsVectorLayer(f"{out}|layername=objects"))
    assert rows_of(in_qgis)[0]["object"] == "airplane"
