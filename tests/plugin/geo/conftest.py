"""Fixtures for the tests of `geo`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from qgis.core import QgsCoordinateTransformContext, QgsRasterLayer

from rsgpt_plugin.geo.imagery.layer_snapshot import LayerSnapshot, take_snapshot
from tests.plugin.rasters import OddRaster, write


@pytest.fixture
def make_snapshot(tmp_path: Path) -> Callable[..., LayerSnapshot]:
    """Return a function that writes a raster and takes a snapshot of it."""

    def make(values: np.ndarray, odd: OddRaster | None = None) -> LayerSnapshot:
        layer = QgsRasterLayer(str(write(tmp_path / "raster.tif", values, odd)), "raster")
        assert layer.isValid()
        return take_snapshot(layer, QgsCoordinateTransformContext())

    return make
