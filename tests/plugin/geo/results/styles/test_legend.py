"""Long legends are collapsed when a layer gets its style, short ones are left alone."""

from __future__ import annotations

import pytest
from qgis.core import QgsProject, QgsVectorLayer

from rsgpt_plugin.geo.results.display_values import shown_columns
from rsgpt_plugin.geo.results.styles.style import apply_style, show_styled
from rsgpt_plugin.geo.results.styles.value_style import style_by_values
from tests.plugin.found_objects import objects_layer
from tests.plugin.results import results_layer

pytestmark = pytest.mark.usefixtures("qgis_new_project")


def is_expanded(layer: QgsVectorLayer) -> bool:
    node = QgsProject.instance().layerTreeRoot().findLayer(layer)
    assert node is not None
    return bool(node.isExpanded())


@pytest.mark.parametrize(("count", "expanded"), [(8, True), (9, False)])
def test_a_layer_of_many_objects_is_collapsed(count: int, expanded: bool) -> None:
    layer = objects_layer([(f"object {number}", 0.5) for number in range(count)])
    show_styled(layer)
    assert is_expanded(layer) is expanded


@pytest.mark.parametrize(("count", "expanded"), [(7, True), (8, False)])  # and the class of other values
def test_a_layer_styled_by_many_values_is_collapsed(count: int, expanded: bool) -> None:
    layer = results_layer(["a"] * count)
    column = next(entry for entry in shown_columns(layer) if entry.name == "cars")
    style_by_values(layer, column, list(range(count)))
    assert is_expanded(layer) is expanded


def test_levels_of_confidence_stay_open_and_a_layer_outside_of_a_project_has_no_legend() -> None:
    layer = results_layer(["a"])
    apply_style(layer)
    assert is_expanded(layer)
    show_styled(QgsVectorLayer("Point?crs=EPSG:32611", "other", "memory"))
