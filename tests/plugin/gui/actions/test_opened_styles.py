"""Styles are looked for and stored without opening layers in a second thread."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from qgis.core import QgsVectorLayer

from rsgpt_plugin.geo.results.styles import stored_style
from tests.plugin.gui.actions import test_result_styling as part
from tests.plugin.gui.actions.test_result_styling import LayersWindow, Wait, settle
from tests.plugin.results import has_stored_style, results_layer

window = part.window
pytestmark = pytest.mark.usefixtures("qgis_new_project", "settings")


def test_only_the_main_thread_opens_layers(
    window: LayersWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wait_until: Wait
) -> None:
    """QGIS 3.40 can hang if two threads open the same GeoPackage."""
    threads = []

    class Opened(QgsVectorLayer):
        def __init__(self, *arguments: object) -> None:
            threads.append(threading.current_thread())
            super().__init__(*arguments)

    monkeypatch.setattr(stored_style, "QgsVectorLayer", Opened)
    layer = results_layer(["a harbor"], "GPKG", tmp_path)
    wait_until(lambda: window.bar.currentItem() is not None)
    window.entries(layer).actions()[0].trigger()
    settle()
    assert set(threads) <= {threading.main_thread()}
    assert has_stored_style(layer.source())
