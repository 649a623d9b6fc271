"""Clones of a layer do not outlive their run, whichever thread has them last."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
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
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    found = []
    for link in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            found.append(os.readlink(link))
    return found.count(layer.source())


def snapshot_of(layer: QgsRasterLayer) -> LayerSnapshot:
    return take_snapshot(layer, QgsCoordinateTransformContext())


def read(snapshot: LayerSnapshot) -> None:
    """As a run does."""
    snapshot.enter_thread()
    snapshot.provider.block(1, snapshot.extent, 8, 8)
    snapshot.layer.dataProvider().block(1, snapshot.extent, 8, 8)
    snapshot.leave_thread()


def on_a_task(work: Callable[[], None]) -> None:
    task = QgsTask.fromFunction("read", lambda task: work())
    QgsApplication.taskManager().addTask(task)
    assert task.waitForFinished(10_000)
    QCoreApplication.processEvents()


def test_a_run_that_never_began(layer: QgsRasterLayer) -> None:
    before = handles(layer)
    for _ in range(TIMES):
        snapshot_of(layer)
    assert handles(layer) <= before + 1


@pytest.mark.parametrize("last", ["here", "there"])
def test_a_run_that_read(layer: QgsRasterLayer, last: str) -> None:
    seen = []
    for _ in range(TIMES):
        kept = [snapshot_of(layer)]
        on_a_task(lambda kept=kept: read(kept[0] if last == "here" else kept.pop()))
        kept.clear()
        seen.append(handles(layer))
    assert seen[-1] <= seen[1] + 1
