"""Two coordinate systems are the same where the same numbers mean the same place."""

from __future__ import annotations

import pytest
from pyproj import CRS

from rsgpt_backend.batch.crs_equality import is_same_crs

UTM = CRS("EPSG:32611")
BOUNDS = (500000.0, 3999000.0, 501000.0, 4000000.0)


@pytest.mark.parametrize("found", ["EPSG:32611", UTM.to_wkt("WKT1_GDAL"), UTM.to_wkt("WKT1_ESRI"), UTM.to_json()])
def test_the_form_does_not_matter(found: str) -> None:
    assert is_same_crs(UTM, found, BOUNDS)


@pytest.mark.parametrize(
    "found",
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
def test_units_parameters_and_ellipsoid_do(found: str | None) -> None:
    assert not is_same_crs(UTM, found, BOUNDS)
