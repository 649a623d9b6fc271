"""A trial write leaves no file open, even if it fails."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from qgis.core import Qgis, QgsCoordinateReferenceSystem, QgsFeature, QgsGeometry

from rsgpt_plugin.errors import OutputError
from rsgpt_plugin.geo.results.schema import output_fields
from rsgpt_plugin.processing.output.destination import OutputDestination, SinkShape
from rsgpt_plugin.processing.output.trial_write import try_rows


def sample(shape: str) -> QgsFeature:
    feature = QgsFeature()
    feature.setGeometry(QgsGeometry.fromWkt(shape))
    return feature


def open_files(folder: str) -> list[str]:
    targets = []
    for link in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            targets.append(os.readlink(link))
    return [name for name in targets if name.startswith(folder)]


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open files are counted in /proc")
def test_rejected_rows_leave_no_file_open_in_the_scratch_folder(
    qgis_processing: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_at_exit: list[list[str]] = []

    class WatchedFolder(tempfile.TemporaryDirectory):  # type: ignore[type-arg]  # not subscriptable in all Pythons
        def __exit__(self, *error: Any) -> None:
            open_at_exit.append(open_files(self.name))
            super().__exit__(*error)

    monkeypatch.setattr(tempfile, "TemporaryDirectory", WatchedFolder)
    samples = sample("Polygon ((0 0, 1 0, 1 1, 0 0))"), sample("Point (1 2)")
    shape = SinkShape(output_fields(()), Qgis.WkbType.Polygon, QgsCoordinateReferenceSystem("EPSG:32611"), samples)
    path = tmp_path / "a.shp"
    with pytest.raises(OutputError, match="cannot store these rows"):
        try_rows(OutputDestination(str(path), path, "a"), shape)
    assert open_at_exit == [[]]
