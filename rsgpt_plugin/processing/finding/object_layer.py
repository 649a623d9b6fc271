"""The layer of found objects: its columns, and one feature per object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from qgis.core import Qgis, QgsFeature, QgsFields, QgsGeometry, QgsPointXY

from ...core.paths import plugin_version
from ...errors import ImageryError
from ...geo.imagery.mask_polygons import PreparedArea
from ...geo.imagery.tile_geometry import MAX_TILES, QgisGrid
from ...geo.results.schema import cell_of, fields_of
from ...shared.files.addresses import without_secrets
from ...shared.i18n import translate
from ...shared.objects.collecting import FoundObject
from ...shared.objects.found_points import FoundPoint
from ...shared.objects.search_grid import SearchGrid
from ...shared.results.columns import object_columns
from ...shared.results.rows import Cell
from .object_search import WantedObjects


@dataclass(frozen=True, eq=False)
class ObjectLayer:
    """Objects of a raster as features. source: of the raster. area: objects outside of it do not count; None for all.

    frame: the pixels of the raster, in which objects are placed.
    """

    search: WantedObjects
    grid: SearchGrid
    frame: QgisGrid
    source: str
    area: PreparedArea | None = None

    @property
    def wkb_type(self) -> Qgis.WkbType:
        """The geometry type."""
        return Qgis.WkbType.Polygon if self.search.is_boxed else Qgis.WkbType.Point

    def numbers(self) -> Sequence[int]:
        """Return the windows to search. Raises ImageryError if there are more than MAX_TILES."""
        area, grid = self.area, self.grid
        numbers = range(len(grid)) if area is None else [
            number for number in range(len(grid)) if area.overlaps(grid.window(number))
        ]  # fmt: skip
        if len(numbers) > MAX_TILES:
            message = translate(
                "Rsgpt",
                "The area needs {count} search windows, more than the limit of {limit}. Choose a smaller extent or a "
                "mask, or a coarser ground resolution.",
            )
            raise ImageryError(message.format(count=len(numbers), limit=MAX_TILES))
        return numbers

    def is_inside(self, points: Sequence[FoundPoint]) -> np.ndarray:
        """Return which points lie in the area."""
        if self.area is None:
            return np.ones(len(points), bool)
        return np.array([self.area.holds(point.x, point.y) for point in points], bool)

    def sample(self) -> QgsFeature:
        """Return a feature without values, to try whether a format stores it."""
        feature = QgsFeature()
        feature.setGeometry(self._geometry(FoundPoint(0.5, 0.5, 1.0, (0.0, 0.0, 1.0, 1.0))))
        return feature

    def feature(self, found: FoundObject, common: Mapping[str, Cell]) -> QgsFeature:
        """Return the feature of an object. common: the columns of the model, the bands, and the stretch."""
        values = {
            "prompt": self.search.describe(),
            "plugin_version": plugin_version(),
            "raster": without_secrets(self.source),
            **common,
            **found.values(),
        }
        feature = QgsFeature()
        feature.setGeometry(self._geometry(found.point))
        feature.setAttributes([cell_of(column, values.get(column.name)) for column in object_columns()])
        return feature

    def _geometry(self, point: FoundPoint) -> QgsGeometry:
        if not self.search.is_boxed:
            return QgsGeometry.fromPointXY(QgsPointXY(*self.frame.point(point.x, point.y)))
        x, y, width, height = point.box
        corners = ((x, y), (x + width, y), (x + width, y + height), (x, y + height), (x, y))
        return QgsGeometry.fromPolygonXY([[QgsPointXY(*self.frame.point(*corner)) for corner in corners]])


def object_fields() -> QgsFields:
    """Return the columns of found objects, as `rsgpt batch --find` writes them."""
    return fields_of(object_columns())
