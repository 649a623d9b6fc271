"""QGIS without a window, in this process, whose model follows a script, through the door for a Python of the user's."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from qgis.core import QgsApplication, QgsProcessingContext, QgsProcessingFeedback, QgsVectorLayer

from rsgpt_plugin.client.environment.environment import ManagedEnvironment
from rsgpt_plugin.client.server.local_server import stop_shared_servers
from tests.conftest import HOME, ROOT
from tests.plugin.rasters import write

SIDE = 16
BLUE = 255


def child_environment() -> dict[str, str]:
    """For a Python of our own: it finds the model's environment where this process had found it."""
    return {**os.environ, "RSGPT_HOME": str(HOME)}


@cache
def qgis() -> tuple[object, object]:
    """The application and this plugin's provider, once a process; who forgets them ends them."""
    application = QgsApplication([], False, "")
    application.initQgis()
    sys.path.append(os.path.join(QgsApplication.pkgDataPath(), "python", "plugins"))
    from processing.core.Processing import Processing

    from rsgpt_plugin.processing.provider import RsgptProvider

    Processing.initialize()
    provider = RsgptProvider()
    QgsApplication.processingRegistry().addProvider(provider)
    return application, provider


def scripted_python(folder: Path, *options: str) -> Path:
    """A program in the place of a Python: whatever it is to run, it serves the fake engine, and notes its process."""
    fake, python = ROOT / "tests" / "fakes" / "serve_fake.py", ManagedEnvironment(HOME).python
    asked = " ".join("'" + word.replace("'", "'\\''") + "'" for word in (*options, "--log", str(folder / "asked")))
    program = folder / "python"
    program.write_text(
        f"#!/bin/sh\necho $$ >>'{folder}/pids'\nexec '{python}' '{fake}' --exit-with-stdin {asked}\n", "utf-8"
    )
    program.chmod(0o755)
    return program


def profile(folder: Path, program: Path) -> dict[str, str]:
    """The environment of a QGIS that has this plugin and asks `program`; all that it keeps lies in `folder`."""
    settings, plugins = folder / "profile" / "profiles" / "default" / "QGIS", folder / "plugins"
    settings.mkdir(parents=True, exist_ok=True)
    plugins.mkdir(exist_ok=True)
    if not (plugins / "rsgpt").exists():
        (plugins / "rsgpt").symlink_to(ROOT)
    (settings / "QGIS3.ini").write_text(
        f"[PythonPlugins]\nrsgpt=true\n\n[rsgpt]\ndoor=python\npython={program}\n", "utf-8"
    )
    return {
        **os.environ,
        "QGIS_CUSTOM_CONFIG_PATH": str(folder / "profile"),
        "QGIS_PLUGINPATH": str(plugins),
        "RSGPT_HOME": str(folder / "home"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def numbered(path: Path, rows: int, columns: int) -> Path:
    """A raster of tiles of one colour each, which is the tile's number; blue is full, so that nothing is stretched."""
    numbers = np.arange(rows * columns).reshape(rows, columns).repeat(SIDE, axis=0).repeat(SIDE, axis=1)
    bands = (numbers >> 8, numbers & 255, np.full_like(numbers, BLUE))
    return write(path, np.stack(bands).astype(np.uint8))


def caption(number: int) -> str:
    """What the fake engine says of a numbered tile."""
    return f"picture {number << 8 | BLUE}"


class Session:
    """Runs over one raster of numbered tiles, in a data folder of their own."""

    def __init__(self, folder: Path, *options: str) -> None:
        from rsgpt_plugin.client.preferences import BackendKind, Preferences, save

        qgis()
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.python = scripted_python(folder, *options)
        os.environ["RSGPT_HOME"] = str(folder / "home")
        save(Preferences(door=BackendKind.PYTHON, python=str(self.python)))

    def describe(self, raster: Path, output: Path, **parameters: Any) -> dict[str, Any]:
        """The algorithm's result; QgsProcessingException where it fails."""
        import processing

        given = {"INPUT": str(raster), "TILE_SIZE": SIDE, "OUTPUT": str(output), **parameters}
        feedback = QgsProcessingFeedback(False)
        return processing.run("rsgpt:describeraster", given, feedback=feedback, context=QgsProcessingContext())

    def asked(self) -> Counter[int]:
        """How often the engine was asked about each picture, by number."""
        return Counter(int(json.loads(line)["number"]) for line in lines(self.folder / "asked"))

    def pids(self) -> list[int]:
        """The servers that were started, in order."""
        return [int(line) for line in lines(self.folder / "pids")]

    def close(self) -> None:
        """End the server."""
        stop_shared_servers()


def lines(path: Path) -> list[str]:
    """Whole lines of a file, none where there is no file."""
    text = path.read_text("utf-8") if path.exists() else ""
    return text[: text.rfind("\n") + 1].splitlines()


def captions(output: Path) -> list[Any]:
    """The captions of a layer on disk, in the order of its rows."""
    layer = QgsVectorLayer(str(output), "output")
    return [feature["caption"] for feature in layer.getFeatures()] if layer.isValid() else []
