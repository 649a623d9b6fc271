"""Fixtures: a project with a raster, the provider, and the real server with a scripted engine."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal, osr
from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsGeometry,
    QgsMapSettings,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QSize

from rsgpt_plugin.client import backends
from rsgpt_plugin.client.installed_models import model_identity
from rsgpt_plugin.client.server import local_server
from rsgpt_plugin.client.server.local_server import LocalServer
from rsgpt_plugin.processing.provider import RsgptProvider

LEFT, TOP, PIXEL_M = 500_000.0, 5_000_000.0, 0.5


@pytest.fixture
def make_raster(tmp_path: Path) -> Callable[..., QgsRasterLayer]:
    """Make an RGB raster of one color: `side` pixels of 0.5 m in UTM zone 33, with its left edge at `left`."""

    def make(name: str = "ortho", side: int = 600, left: float = LEFT, number: int = 0x010203) -> QgsRasterLayer:
        path = str(tmp_path / f"{name}.tif")
        dataset = gdal.GetDriverByName("GTiff").Create(path, side, side, 3, gdal.GDT_Byte)
        dataset.SetGeoTransform((left, PIXEL_M, 0, TOP, 0, -PIXEL_M))
        reference = osr.SpatialReference()
        reference.ImportFromEPSG(32633)
        dataset.SetProjection(reference.ExportToWkt())
        for band, shift in ((1, 16), (2, 8), (3, 0)):
            dataset.GetRasterBand(band).WriteArray(np.full((side, side), number >> shift & 255, np.uint8))
        dataset.FlushCache()
        return QgsRasterLayer(path, name)

    return make


@pytest.fixture
def project(qgis_new_project: None) -> QgsProject:
    """An empty project in UTM zone 33."""
    project = QgsProject.instance()
    project.setCrs(QgsCoordinateReferenceSystem("EPSG:32633"))
    return project


@pytest.fixture
def raster(project: QgsProject, make_raster: Callable[..., QgsRasterLayer]) -> QgsRasterLayer:
    """A raster in the project."""
    layer = make_raster()
    project.addMapLayer(layer)
    return layer


@pytest.fixture
def provider() -> Iterator[RsgptProvider]:
    """The registered provider."""
    provider = RsgptProvider()
    QgsApplication.processingRegistry().addProvider(provider)
    yield provider
    QgsApplication.processingRegistry().removeProvider(provider)


@pytest.fixture
def serve(
    fake_server: Callable[..., LocalServer], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[..., LocalServer]:
    """Replace the plugin's server by one with a scripted engine. The options are those of serve_fake.py."""
    folder = tmp_path / "weights"
    (folder / "rsgpt-small").mkdir(parents=True)
    record = {"name": "rsgpt-small", "weights_sha256": "f" * 64}
    (folder / "rsgpt-small" / "model.json").write_text(json.dumps(record))
    monkeypatch.setattr(backends, "model_identity", partial(model_identity, folder=folder))

    def use(*options: str) -> LocalServer:
        server = fake_server(*options)
        monkeypatch.setattr(local_server, "_managed_server", lambda model: server)
        return server

    return use


def view_of(layers: list[QgsRasterLayer], extent: QgsRectangle, crs: str = "EPSG:32633") -> QgsMapSettings:
    """Return the map settings of a canvas of 600 x 400 pixels."""
    view = QgsMapSettings()
    view.setOutputSize(QSize(600, 400))
    view.setLayers(layers)
    view.setDestinationCrs(QgsCoordinateReferenceSystem(crs))
    view.setExtent(extent)
    return view


def around(x: float, y: float, side: float) -> QgsRectangle:
    """Return a square around x, y: meters right of and below the raster's upper left corner."""
    return QgsRectangle(LEFT + x - side / 2, TOP - y - side / 2, LEFT + x + side / 2, TOP - y + side / 2)


def polygons(
    boxes: list[QgsRectangle], crs: str = "EPSG:32633", name: str = "parcels", **values: str
) -> QgsVectorLayer:
    """Return a memory layer of rectangles with the ids P1, P2, … and the same `values` in all of them."""
    columns = "".join(f"&field={column}:string" for column in ("id", *values))
    layer = QgsVectorLayer(f"Polygon?crs={crs}{columns}", name, "memory")
    for number, box in enumerate(boxes, start=1):
        feature = QgsFeature(layer.fields())
        feature.setAttributes([f"P{number}", *values.values()])
        feature.setGeometry(QgsGeometry.fromRect(box))
        layer.dataProvider().addFeatures([feature])
    return layer
