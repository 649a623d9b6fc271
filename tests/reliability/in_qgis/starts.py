"""Helpers for all ways to start a run: the task file, the report and the check of the rows. Runs inside QGIS."""

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
    return int(QgsApplication.taskManager().countActiveTasks())


def layers_with(column: str) -> list[QgsVectorLayer]:
    """Return the project's layers with a column of this name."""
    layers = QgsProject.instance().mapLayers().values()
    return [layer for layer in layers if isinstance(layer, QgsVectorLayer) and layer.fields().indexOf(column) >= 0]


def layer_named(name: str) -> Any:
    return QgsProject.instance().mapLayersByName(name)[0]


def note(**record: Any) -> None:
    """Write a line of the report immediately, because QGIS may crash in the next step."""
    with Path(TASK["report"]).open("a", encoding="utf-8") as report:
        report.write(json.dumps(record) + "\n")


def collect() -> Steps:
    for _ in range(3):
        gc.collect()
        yield pause(0.1)


def check_rows(desk: Desk, name: str, rows: int = 0) -> Steps:
    """Wait for the layer with the column of the run, and report its rows."""
    yield until(lambda: layers_with(name), f"the layer with {name}", 10)
    note(way=name, **count_rows(layers_with(name), name, rows or TASK["tiles"]))
    desk.pictures.screen(name)


def count_rows(layers: list[QgsVectorLayer], name: str, rows: int) -> dict[str, int]:
    """Count the expected, existing and correct rows: a correct answer names the picture of the caption."""
    right = 0
    for layer in layers:
        captions = [str(row["caption"]) for row in layer.getFeatures() if row[name] == f"{row['caption']}!"]
        right += len(set(captions))
    return {"expected": rows, "rows": sum(layer.featureCount() for layer in layers), "right": right}
