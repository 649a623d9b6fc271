"""Repeated loading and unloading leaves nothing behind, in a fake window and in QGIS."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QCoreApplication, QTimer
from qgis.PyQt.QtGui import QDesktopServices
from qgis.PyQt.QtWidgets import QDialog

from rsgpt_plugin.client.environment.environment import ManagedEnvironment
from rsgpt_plugin.gui.actions.algorithm_menu import GUIDE
from tests.conftest import HOME
from tests.plugin.reload_in_qgis import close_modal
from tests.plugin.test_plugin import DEMO, ROOT, PluginWindow
from tests.plugin.traces import changes, traces

TIMES = 50
TAB_BARS = 5  # loads after which Qt's main window reuses the bars that it made for docks in tabs
# Qt may open a few files at any time: a log, a font, a socket.
MAX_NEW_FILES = 4


def test_fifty_reloads_in_a_window_leave_nothing(
    qgis_new_project: None, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(ROOT.parent))
    factory = importlib.import_module(ROOT.name).classFactory
    window = PluginWindow()
    closer = QTimer()
    closer.timeout.connect(close_modal)
    closer.start(20)
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toString()))
    # Processing's dialogs need the window of QGIS, see the test below.
    processing = SimpleNamespace(createAlgorithmDialog=lambda algorithm, parameters: short_lived_dialog())
    monkeypatch.setitem(sys.modules, "processing", processing)
    states = []
    for _ in range(TIMES):
        plugin = factory(window)
        plugin.initGui()
        for action in list(window.menu):
            action.trigger()
            QCoreApplication.processEvents()
        plugin.unload()
        del plugin
        window.bar.clearWidgets()
        states.append(traces(window.window, window.canvas, ROOT.name, own_home))
        assert (window.tools, window.menu) == ([], [])
    assert (len(opened), set(opened)) == (TIMES, {GUIDE})
    assert changes(states[TAB_BARS], states[-1]) == {}
    assert (states[-1]["docks"], states[-1]["right click"], states[-1]["tasks"]) == ([], [], [])
    assert "rsgpt" not in states[-1]["providers"]
    assert QgsApplication.taskManager().activeTasks() == []


def short_lived_dialog() -> QDialog:
    """Return a dialog that is deleted as soon as it is shown."""
    dialog = QDialog()
    QTimer.singleShot(0, dialog.deleteLater)
    return dialog


@pytest.mark.slow
def test_fifty_reloads_in_qgis_leave_nothing(own_home: Path, backend_python: Path, tmp_path: Path) -> None:
    if not (shutil.which("qgis") and shutil.which("xvfb-run")):
        pytest.skip("needs the packages qgis and xvfb, because the QGIS window requires a display")
    result = in_qgis(own_home, backend_python, tmp_path)
    assert "error" not in result, result["error"]
    assert result["times"] == TIMES
    before, after = result["first"].pop("files open", ([], []))
    assert len(after) - len(before) <= MAX_NEW_FILES, sorted(set(after) - set(before))
    assert result["first"] == {}
    # QGIS creates some objects with the first map or layer; the stores stay for the next load.
    created_once = {"objects", "instances", "files open"}
    files = result["bare"].pop("files", ([], []))[1]
    assert {name: result["bare"][name] for name in result["bare"].keys() - created_once} == {}
    assert [name for name in files if not name.endswith(".sqlite")] == []


def in_qgis(home: Path, backend_python: Path, folder: Path) -> dict[str, Any]:
    """Run `reload_in_qgis.py` in a separate QGIS profile and return its result."""
    plugins, settings = folder / "plugins", folder / "profile" / "profiles" / "default" / "QGIS"
    plugins.mkdir()
    settings.mkdir(parents=True)
    (plugins / "rsgpt").symlink_to(ROOT)
    task = {
        "times": TIMES,
        "home": str(home),
        "raster": str(DEMO),
        "server": [str(backend_python), str(ROOT / "tests" / "fakes" / "serve_fake.py"), "--exit-with-stdin"],
        "environment": ManagedEnvironment(HOME).backend_variables(),
        "result": str(folder / "result.json"),
    }
    (folder / "task.json").write_text(json.dumps(task), "utf-8")
    environment = {
        **{name: value for name, value in os.environ.items() if name != "QT_QPA_PLATFORM"},
        "RSGPT_RELOAD": str(folder / "task.json"),
        "RSGPT_RELOAD_ROOT": str(ROOT),
        "QGIS_CUSTOM_CONFIG_PATH": str(folder / "profile"),
        "QGIS_PLUGINPATH": str(plugins),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    script = str(ROOT / "tests" / "plugin" / "reload_in_qgis.py")
    command = [
        "xvfb-run",
        "-a",
        "-s",
        "-screen 0 1400x900x24",
        "qgis",
        "--nologo",
        "--noversioncheck",
        "--skipbadlayers",
        "--code",
        script,
    ]
    subprocess.run(command, env=environment, check=False, timeout=560, capture_output=True)
    return json.loads((folder / "result.json").read_text("utf-8"))
