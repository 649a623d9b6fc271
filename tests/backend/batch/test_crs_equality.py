"""Two coordinate systems are the same if equal coordinates are at the same position."""

from __future__ import annotations

import pytest
from pyproj import CRS

from rsgpt_backend.batch.crs_equality import is_same_crs

UTM = CRS("EPSG:32611")
BOUNDS = (500000.0, 3999000.0, 501000.0, 4000000.0)


@pytest.mark.parametrize("definition", ["EPSG:32611", UTM.to_wkt("WKT1_GDAL"), UTM.to_wkt("WKT1_ESRI"), UTM.to_json()])
def test_another_form_is_the_same_crs(definition: str) -> None:
    assert is_same_crs(UTM, definition, BOUNDS)


@pytest.mark.parametrize(
    "definition",
    [
        None,
        "",
        "nonsense",
        "EPSG:32612",
        "+proj=utm +zone=11 +datum=WGS84 +units=km",
        "+proj=utm +zone=11 +datum=WGS84 +units=us-ft",
        "+proj=tmerc +lon_0=-117 +k=0.9999 +x_0=500000 +datum=WGS84",
        "+proj=utm +zone=11 +ellps=clrk66",
    ],
)
def test_another_unit_parameter_or_ellipsoid_is_another_crs(definition: str | None) -> None:
    assert not is_same_crs(UTM, definition, BOUNDS)
