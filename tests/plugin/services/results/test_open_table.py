"""The project remembers whose results table was open."""

from __future__ import annotations

import pytest
from qgis.core import QgsProject
from qgis.PyQt.QtXml import QDomDocument

from rsgpt_plugin.services.results.open_table import store_open_table, stored_open_table
from tests.plugin.results import results_layer

pytestmark = pytest.mark.usefixtures("qgis_new_project")


def test_the_layer_of_the_open_table_is_found_as_long_as_it_is_in_the_project() -> None:
    project, document = QgsProject.instance(), QDomDocument()
    document.appendChild(document.createElement("qgis"))
    assert stored_open_table(document, project) is None
    layer = results_layer(["a"])
    store_open_table(document, layer)
    assert stored_open_table(document, project) is layer
    project.removeMapLayer(layer)
    assert stored_open_table(document, project) is None
