"""The base class of both algorithms."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rsgpt_plugin.errors import OutputError
from rsgpt_plugin.geo.imagery.layer_snapshot import LayerSnapshot, take_snapshot
from rsgpt_plugin.processing import algorithm_base
from tests.plugin.rasters import pattern

from .output.test_destination import Make, refusal, squares

pytestmark = pytest.mark.usefixtures("provider")


@pytest.mark.parametrize("of_features", [False, True])
def test_a_refused_run_releases_the_layer_clones(
    raster: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, of_features: bool
) -> None:
    snapshots: list[LayerSnapshot] = []

    def take(*arguments: Any) -> LayerSnapshot:
        snapshots.append(take_snapshot(*arguments))
        return snapshots[-1]

    def refuse(*arguments: Any) -> None:
        raise OutputError("no such rows")

    monkeypatch.setattr(algorithm_base, "take_snapshot", take)
    monkeypatch.setattr(algorithm_base, "try_rows", refuse)
    features = squares(tmp_path / "own.geojson", [{"owner": "a"}]) if of_features else None
    assert "no such rows" in refusal(raster(pattern(3, 128, 128)), tmp_path / "a.gpkg", features)
    threads = [clone.thread() for clone in (snapshots[0].layer, snapshots[0].provider)]
    snapshots.clear()  # QGIS keeps the error and thus this frame, which must not hold a layer
    assert threads == [None, None]
