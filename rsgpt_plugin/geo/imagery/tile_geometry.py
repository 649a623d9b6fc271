"""Tile and grid arithmetic with QGIS geometry types."""

from __future__ import annotations

from qgis.core import QgsGeometry, QgsPointXY, QgsRectangle
from qgis.PyQt.QtCore import QCoreApplication

from ...errors import ImageryError
from ...shared.rasters import tiles
from ...shared.rasters.tiles import TileGrid, Window

MAX_TILES = 100_000

translate = QCoreApplication.translate


class QgisGrid(tiles.PixelGrid):
    """A pixel grid on the map, in a layer's CRS."""

    def polygon(self, window: Window) -> QgsGeometry:
        """Return the window as a polygon in the layer's CRS, rotated with the grid."""
        return QgsGeometry.fromPolygonXY([[QgsPointXY(*point) for point in self.ring(window)]])

    def window(self, geometry: QgsGeometry) -> Window:
        """Return the smallest window of whole pixels around a geometry in the layer's CRS; it may exceed the grid.

        Raises ImageryError if the geometry is empty or not finite.
        """
        window = self.enclosing(self._outline(geometry))
        if window is None:
            raise ImageryError(translate("Rsgpt", "The area is empty or unbounded. Choose a bounded area of the map."))
        return window

    def _outline(self, geometry: QgsGeometry) -> list[tiles.Position]:
        """Return points that span the geometry. Curves are segmentized, as they extend beyond their vertices."""
        if geometry.isEmpty():
            return []
        if not self.is_rotated:
            box = geometry.boundingBox()
            return [(box.xMinimum(), box.yMinimum()), (box.xMaximum(), box.yMaximum())]
        straight = QgsGeometry(geometry.constGet().segmentize())
        return [(vertex.x(), vertex.y()) for vertex in straight.vertices()]


def checked_grid(grid: TileGrid) -> TileGrid:
    """Return the grid. Raises ImageryError if it has more than MAX_TILES tiles."""
    count = grid.columns * grid.rows
    if count > MAX_TILES:
        raise ImageryError(
            translate(
                "Rsgpt",
                "The area needs {count} tiles, more than the limit of {limit}. Choose a smaller extent, "
                "larger tiles, less overlap, or a coarser ground resolution.",
            ).format(count=count, limit=MAX_TILES)
        )
    return grid


def frame_over(extent: QgsRectangle, pixel_width: float, pixel_height: float) -> QgisGrid:
    """Return a north-up grid over `extent`, accurate to half a pixel. Pixel sizes are in CRS units."""
    width = max(1, round(extent.width() / pixel_width))
    height = max(1, round(extent.height() / pixel_height))
    transform = (extent.xMinimum(), pixel_width, 0.0, extent.yMaximum(), 0.0, -pixel_height)
    return QgisGrid(transform, width, height)
