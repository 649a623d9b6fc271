"""Layer snapshots are deleted after a run, no matter which thread drops the last reference."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from qgis.core import QgsApplication, QgsCoordinateTransformContext, QgsRasterLayer, QgsTask
from qgis.PyQt.QtCore import QCoreApplication, QEvent

from rsgpt_plugin.geo.imagery.layer_snapshot import LayerSnapshot, take_snapshot
from tests.plugin.rasters import pattern, write

TIMES = 12

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open files are counted in /proc")


@pytest.fixture
def layer(qgis_new_project: None, tmp_path: Path) -> QgsRasterLayer:
    return QgsRasterLayer(str(write(tmp_path / "open.tif", pattern(3, 64, 64))), "open")


def handles(layer: QgsRasterLayer) -> int:
    """Return the number of open handles of the layer's file."""
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    targets = []
    for link in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            targets.append(os.readlink(link))
    return targets.count(layer.source())


def snapshot_of(layer: QgsRasterLayer) -> LayerSnapshot:
    return take_snapshot(layer, QgsCoordinateTransformContext())


def read(snapshot: LayerSnapshot) -> None:
    """Read pixels like a run."""
    snapshot.enter_thread()
    snapshot.provider.block(1, snapshot.extent, 8, 8)
    snapshot.layer.dataProvider().block(1, snapshot.extent, 8, 8)
    snapshot.leave_thread()


def on_a_task(work: Callable[[], None]) -> None:
    task = QgsTask.fromFunction("read", lambda task: work())
    QgsApplication.taskManager().addTask(task)
    assert task.waitForFinished(10_000)
    QCoreApplication.processEvents()


def test_unused_snapshots_leave_no_file_open(layer: QgsRasterLayer) -> None:
    before = handles(layer)
    for _ in range(TIMES):
        snapshot_of(layer)
    assert handles(layer) <= before + 1


@pytest.mark.parametrize("last", ["main", "worker"])
def test_read_snapshots_leave_no_file_open(layer: QgsRasterLayer, last: str) -> None:
    counts = []
    for _ in range(TIMES):
        snapshots = [snapshot_of(layer)]
        on_a_task(partial(lambda kept: read(kept[0] if last == "main" else kept.pop()), snapshots))
        snapshots.clear()
        counts.append(handles(layer))
    assert counts[-1] <= counts[1] + 1
