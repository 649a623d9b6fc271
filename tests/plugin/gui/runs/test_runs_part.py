"""The list of runs and its messages, used with real clicks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from qgis.core import QgsFeature, QgsGeometry, QgsRectangle, QgsVectorFileWriter, QgsVectorLayer
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QPushButton

from rsgpt_plugin.core.paths import runs_file
from rsgpt_plugin.core.run_store import RunRequest, RunState, RunStore
from rsgpt_plugin.gui.runs.runs_dialog import RunsDialog
from rsgpt_plugin.gui.runs.runs_part import RunsPart
from tests.plugin.test_plugin import PluginWindow

COUNTS = {"tiles": 5000, "answered": 300, "skipped": 10, "failed": 2, "cached": 40}


def recorded(run_id: str, state: RunState, output: str = "", note: str = "") -> None:
    """Record a run of a QGIS that has ended."""
    with RunStore(runs_file()) as store:
        store.begin(run_id, RunRequest("rsgpt:describeraster", f"town <{run_id}>", {"OUTPUT": output}), COUNTS)
        if state is not RunState.RUNNING:
            store.end(run_id, state, output, note)


@pytest.fixture
def window(qgis_new_project: None) -> PluginWindow:
    return PluginWindow()


@pytest.fixture
def opened() -> list[QgsVectorLayer]:
    return []


@pytest.fixture
def part(window: PluginWindow, opened: list[QgsVectorLayer]) -> Iterator[RunsPart]:
    part = RunsPart(window, opened.append)
    yield part
    part.unregister()


def dialog(part: RunsPart) -> RunsDialog:
    part.show()
    assert part._dialog is not None
    return part._dialog


def press(button: QPushButton) -> None:
    assert button.isEnabled()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def enabled(shown: RunsDialog) -> list[str]:
    buttons = (shown.pause, shown.resume, shown.stop, shown.open, shown.remove)
    return [button.text() for button in buttons if button.isEnabled()]


def test_an_interrupted_run_is_reported_once(part: RunsPart, window: PluginWindow) -> None:
    recorded("a", RunState.RUNNING)
    part.register()
    (message,) = window.messages()
    assert "A run over “town &lt;a&gt;” was interrupted at 312 of 5000" in message.replace(",", "")
    (button,) = [button for button in window.bar.findChildren(QPushButton) if button.text() == "Show runs…"]
    press(button)
    assert window.messages() == []
    assert [dialog(part).model.data(dialog(part).model.index(0, column)) for column in (0, 1)] == [
        "town <a>",
        "Interrupted",
    ]
    other = RunsPart(window)
    other.register()
    assert window.messages() == []
    other.unregister()


@pytest.mark.parametrize(
    ("state", "buttons"),
    [
        (RunState.PAUSED, ["Resume", "Stop", "Open results", "Remove from list"]),
        (RunState.STOPPED, ["Resume", "Open results", "Remove from list"]),
        (RunState.FAILED, ["Resume", "Stop", "Open results", "Remove from list"]),
        (RunState.FINISHED, ["Open results", "Remove from list"]),
    ],
)
def test_buttons_depend_on_the_state_of_the_run(part: RunsPart, state: RunState, buttons: list[str]) -> None:
    recorded("a", state, note="The server <b>stopped</b>.")
    part.register()
    shown = dialog(part)
    assert enabled(shown) == buttons
    assert "300 answered, 10 skipped, 2 failed; 40 answers from the cache." in shown.message.text()
    assert "The server <b>stopped</b>." in shown.message.text()
    assert shown.message.textFormat() == Qt.TextFormat.PlainText


def test_a_paused_run_is_stopped_and_removed(part: RunsPart) -> None:
    recorded("a", RunState.PAUSED)
    part.register()
    shown = dialog(part)
    press(shown.stop)
    assert shown.model.data(shown.model.index(0, 1)) == "Stopped"
    press(shown.remove)
    assert (shown.model.rowCount(), enabled(shown)) == (0, [])
    assert "There are no runs yet" in shown.message.text()


def test_results_are_shown_on_the_map_and_in_the_table(
    part: RunsPart, window: PluginWindow, opened: list[QgsVectorLayer], tmp_path: Path
) -> None:
    columns = "&".join(f"field={name}:string" for name in ("caption", "image_sha256", "plugin_version"))
    layer = QgsVectorLayer(f"Polygon?crs=EPSG:32633&{columns}", "x", "memory")
    feature = QgsFeature(layer.fields())
    feature.setGeometry(QgsGeometry.fromRect(QgsRectangle(0, 0, 10, 10)))
    layer.dataProvider().addFeature(feature)
    path = str(tmp_path / "out.gpkg")
    options = QgsVectorFileWriter.SaveVectorOptions()
    QgsVectorFileWriter.writeAsVectorFormatV3(layer, path, layer.transformContext(), options)
    recorded("a", RunState.FINISHED, path)
    part.register()
    window.canvas.setExtent(QgsRectangle(1000, 1000, 1010, 1010))
    press(dialog(part).open)
    (shown,) = opened
    assert shown.featureCount() == 1
    assert window.canvas.extent().contains(QgsRectangle(0, 0, 10, 10))


def test_missing_results_give_a_message(part: RunsPart, window: PluginWindow, tmp_path: Path) -> None:
    recorded("a", RunState.FINISHED, str(tmp_path / "gone.gpkg"))
    part.register()
    press(dialog(part).open)
    assert "The results no longer exist." in window.messages()[0]


def test_an_unreadable_list_is_reported_only_in_the_dialog(part: RunsPart, window: PluginWindow) -> None:
    runs_file().parent.mkdir(parents=True)
    runs_file().write_text("no database")
    part.register()
    assert window.messages() == []
    assert "cannot be used" in dialog(part).message.text()


def test_opening_the_dialog_creates_no_file(part: RunsPart, own_home: Path) -> None:
    part.register()
    assert dialog(part).model.rowCount() == 0
    assert not own_home.exists()
