"""A session of QGIS without a window in this process, with a scripted model as the user's own Python."""

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
from rsgpt_plugin.client.server.local_server import stop_local_server
from tests.conftest import HOME, ROOT
from tests.plugin.rasters import write

SIDE = 16
BLUE = 255


def child_environment() -> dict[str, str]:
    """Return the environment for a child Python, which must find the model's environment of this process."""
    return {**os.environ, "RSGPT_HOME": str(HOME)}


@cache
def qgis() -> tuple[object, object]:
    """Return the application and the provider, once per process. The cache keeps both alive."""
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
    """Write a program that replaces a Python: it always starts the fake server, and logs its process id."""
    fake, python = ROOT / "tests" / "fakes" / "serve_fake.py", ManagedEnvironment(HOME).python
    arguments = " ".join("'" + word.replace("'", "'\\''") + "'" for word in (*options, "--log", str(folder / "asked")))
    program = folder / "python"
    program.write_text(
        f"#!/bin/sh\necho $$ >>'{folder}/pids'\nexec '{python}' '{fake}' --exit-with-stdin {arguments}\n", "utf-8"
    )
    program.chmod(0o755)
    return program


def profile(folder: Path, program: Path) -> dict[str, str]:
    """Return the environment of a QGIS with this plugin and `program` as its model; all its files are in `folder`."""
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
    """Write a raster of tiles whose red and green encode the tile number; blue is 255, so that nothing is stretched."""
    numbers = np.arange(rows * columns).reshape(rows, columns).repeat(SIDE, axis=0).repeat(SIDE, axis=1)
    bands = (numbers >> 8, numbers & 255, np.full_like(numbers, BLUE))
    return write(path, np.stack(bands).astype(np.uint8))


def caption(number: int) -> str:
    return f"picture {number << 8 | BLUE}"


class Session:
    """Runs of the algorithm with a separate data folder."""

    def __init__(self, folder: Path, *options: str) -> None:
        from rsgpt_plugin.client.preferences import BackendKind, Preferences, save

        qgis()
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.python = scripted_python(folder, *options)
        os.environ["RSGPT_HOME"] = str(folder / "home")
        save(Preferences(door=BackendKind.PYTHON, python=str(self.python)))

    def describe(self, raster: Path, output: Path, **parameters: Any) -> dict[str, Any]:
        """Run the algorithm, and return its result. Raises QgsProcessingException if it fails."""
        import processing

        values = {"INPUT": str(raster), "TILE_SIZE": SIDE, "OUTPUT": str(output), **parameters}
        feedback = QgsProcessingFeedback(False)
        return processing.run("rsgpt:describeraster", values, feedback=feedback, context=QgsProcessingContext())

    def asked(self) -> Counter[int]:
        """Return how often the engine was asked about each picture, by its number."""
        return Counter(int(json.loads(line)["number"]) for line in lines(self.folder / "asked"))

    def pids(self) -> list[int]:
        return [int(line) for line in lines(self.folder / "pids")]

    def close(self) -> None:
        stop_local_server()


def lines(path: Path) -> list[str]:
    """Return the complete lines of a file; none if it does not exist."""
    text = path.read_text("utf-8") if path.exists() else ""
    return text[: text.rfind("\n") + 1].splitlines()


def captions(output: Path) -> list[Any]:
    """Return the captions of a layer on disk, in the order of its rows."""
    layer = QgsVectorLayer(str(output), "output")
    return [feature["caption"] for feature in layer.getFeatures()] if layer.isValid() else []
