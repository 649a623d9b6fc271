"""What every way to start a run has in common: the task, the report, the wait for rows. Runs inside QGIS."""

from __future__ import annotations

import gc
import json
import os
import sys
from pathlib import Path
from typing import Any

from qgis.core import QgsApplication, QgsProject, QgsVectorLayer

TASK = json.loads(Path(os.environ["RSGPT_STARTING"]).read_text("utf-8"))
sys.path.insert(0, str(Path(TASK["root"]) / "docs" / "guide"))

from touring.desk import Desk  # noqa: E402 - needs the path above
from touring.steps import Steps, pause, until  # noqa: E402 - needs the path above

END_S = 60.0
SIDE = 16


def tasks() -> int:
    """How many tasks go on."""
    return int(QgsApplication.taskManager().countActiveTasks())


def column(name: str) -> list[QgsVectorLayer]:
    """The project's layers that have a column of that name."""
    layers = QgsProject.instance().mapLayers().values()
    return [one for one in layers if isinstance(one, QgsVectorLayer) and one.fields().indexOf(name) >= 0]


def layer_named(name: str) -> Any:
    """A layer of the project."""
    return QgsProject.instance().mapLayersByName(name)[0]


def note(**told: Any) -> None:
    """Write a line of the report, at once: QGIS may die with the next step."""
    with Path(TASK["report"]).open("a", encoding="utf-8") as report:
        report.write(json.dumps(told) + "\n")


def collect() -> Steps:
    """Have Python look for garbage three times."""
    for _ in range(3):
        gc.collect()
        yield pause(0.1)


def look(desk: Desk, name: str, rows: int = 0) -> Steps:
    """Wait for the layer with the run's column, and note what it holds."""
    yield until(lambda: column(name), f"the layer with {name}", 10)
    note(way=name, **counted(column(name), name, rows or TASK["tiles"]))
    desk.pictures.screen(name)


def counted(layers: list[QgsVectorLayer], name: str, rows: int) -> dict[str, int]:
    """How many rows there should be, there are, and are right: their answer names the picture of the caption."""
    right = 0
    for layer in layers:
        found = [str(one["caption"]) for one in layer.getFeatures() if one[name] == f"{one['caption']}!"]
        right += len(set(found))
    return {"expected": rows, "rows": sum(layer.featureCount() for layer in layers), "right": right}
