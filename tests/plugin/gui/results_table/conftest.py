"""The results dock, shown."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from qgis.core import QgsProject
from qgis.PyQt.QtGui import QIcon

from rsgpt_plugin.gui.results_table.results_dock import ResultsDock


@pytest.fixture
def dock(qgis_new_project: None) -> Iterator[ResultsDock]:
    dock = ResultsDock(QgsProject.instance(), QIcon())
    dock.resize(1000, 500)
    dock.show()
    yield dock
    dock.close_all()
    dock.close()
    dock.deleteLater()
