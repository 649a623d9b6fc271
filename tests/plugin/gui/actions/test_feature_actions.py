"""The action “Ask about this feature” in QGIS's registry of layer actions."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from qgis.core import Qgis, QgsFeatureRequest, QgsRasterLayer, QgsVectorLayer
from qgis.gui import QgsGui, QgsMapCanvas, QgsMapLayerAction, QgsMapLayerActionContext

from rsgpt_plugin.gui.actions.feature_actions import FeatureActions
from rsgpt_plugin.services.asking.feature_selection import FeatureSelection
from tests.plugin.gui.conftest import Noted, box
from tests.plugin.services.conftest import polygons


class FakeWindow:
    def __init__(self, canvas: QgsMapCanvas) -> None:
        self.canvas = canvas

    def mapCanvas(self) -> QgsMapCanvas:
        return self.canvas


@pytest.fixture
def actions(canvas: QgsMapCanvas, noted: Noted) -> Iterator[FeatureActions]:
    actions = FeatureActions(FakeWindow(canvas), noted)
    actions.register()
    yield actions
    actions.unregister()


@pytest.fixture
def parcels(scenes: QgsRasterLayer) -> QgsVectorLayer:
    centre = scenes.extent().center()
    return polygons([box(centre, 50), box(centre, 80)], "EPSG:32611")


def listed(layer: object) -> list[QgsMapLayerAction]:
    """Return the actions that QGIS lists for one feature of a layer."""
    target = Qgis.MapLayerActionTarget.SingleFeature
    return QgsGui.mapLayerActionRegistry().mapLayerActions(layer, target, QgsMapLayerActionContext())


def test_only_polygon_layers_have_the_action(
    actions: FeatureActions, parcels: QgsVectorLayer, scenes: QgsRasterLayer
) -> None:
    assert actions.ask in listed(parcels)
    assert actions.ask not in listed(QgsVectorLayer("Point?crs=EPSG:32611", "points", "memory"))
    assert actions.ask not in listed(scenes)


def test_one_feature_is_asked_about_even_without_geometry_from_the_table(
    actions: FeatureActions, parcels: QgsVectorLayer, noted: Noted
) -> None:
    bare = QgsFeatureRequest(2).setFlags(QgsFeatureRequest.Flag.NoGeometry)
    (feature,) = parcels.getFeatures(bare)
    actions.ask.triggerForFeature(parcels, feature, QgsMapLayerActionContext())
    (place,) = noted.asked
    assert isinstance(place, FeatureSelection)
    assert place.shapes.extent().width() == pytest.approx(80)
    assert noted.titles == ["Ask about this feature"]


def test_several_features_are_asked_about_together(
    actions: FeatureActions, parcels: QgsVectorLayer, noted: Noted
) -> None:
    actions.ask.triggerForFeatures(parcels, list(parcels.getFeatures()), QgsMapLayerActionContext())
    (place,) = noted.asked
    assert isinstance(place, FeatureSelection)
    assert place.shapes.featureCount() == 2
    assert noted.titles == ["Ask about these features"]
