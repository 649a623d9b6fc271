"""What is shown of two airplanes in a picture of 100 x 50 pixels of half a meter."""

from __future__ import annotations

import pytest
from qgis.core import QgsCoordinateReferenceSystem, QgsPointXY

from rsgpt_plugin.services.showing.subject import MapFrame, ShownSubject
from rsgpt_plugin.services.showing.where import Located
from rsgpt_plugin.shared.objects.found_points import FoundPoint
from rsgpt_plugin.shared.objects.shown import Shown


@pytest.fixture
def planes() -> Located:
    corners = [QgsPointXY(500_000 + x, 5_000_000 - y) for x, y in ((0, 0), (50, 0), (0, 25))]
    frame = MapFrame(corners[0], corners[1], corners[2], QgsCoordinateReferenceSystem("EPSG:32633"))
    points = (FoundPoint(25, 10, 0.9, (20, 5, 10, 10)), FoundPoint(75, 40, 0.6, (70, 35, 10, 10)))
    return Located(ShownSubject("How many?", "00", 0.5, frame), Shown(100, 50, "airplane", points, True))
