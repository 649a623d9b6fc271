"""Coordinate systems of the tests."""

from __future__ import annotations

from qgis.core import QgsCoordinateReferenceSystem

UTM, DEGREES = QgsCoordinateReferenceSystem("EPSG:32611"), QgsCoordinateReferenceSystem("EPSG:4326")
# Of a building site: it cannot be transformed to degrees.
LOCAL = QgsCoordinateReferenceSystem.fromWkt(
    'ENGCRS["site",EDATUM["site"],CS[Cartesian,2],AXIS["(E)",east],AXIS["(N)",north],LENGTHUNIT["metre",1]]'
)
