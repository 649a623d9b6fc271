"""Contract tests/contract/rasters.json in the plugin: `rsgpt:describeraster` and `rsgpt batch` show equal pictures."""

from __future__ import annotations

from pathlib import Path

import processing
import pytest
from qgis.core import QgsProject, QgsRasterLayer

from tests.contract import rasters
from tests.contract.rasters import RasterCase

from .conftest import ScriptedGateway, rows_of

pytestmark = pytest.mark.usefixtures("provider", "gateway")


@pytest.mark.parametrize("case", rasters.cases(), ids=lambda case: str(case.name))
def test_describeraster_shows_the_recorded_picture(
    case: RasterCase, tmp_path: Path, project: QgsProject, gateway: ScriptedGateway
) -> None:
    layer = project.addMapLayer(QgsRasterLayer(str(case.write(tmp_path)), case.name))
    parameters = {"INPUT": layer, "TILE_SIZE": 1024, "OUTPUT": "TEMPORARY_OUTPUT"}
    (row,) = rows_of(processing.run("rsgpt:describeraster", parameters)["OUTPUT"])
    assert row["status"] == "answered", row["reason"]
    assert row["image_sha256"] == rasters.recorded()[case.name]
