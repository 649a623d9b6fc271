"""The trial of an output leaves no file open, whatever comes of it."""

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
from rsgpt_plugin.processing.output.destination import OutputDestination
from rsgpt_plugin.processing.output.sink import SinkShape
from rsgpt_plugin.processing.output.trial_write import try_rows


def sample(shape: str) -> QgsFeature:
    feature = QgsFeature()
    feature.setGeometry(QgsGeometry.fromWkt(shape))
    return feature


def open_files(folder: str) -> list[str]:
    found = []
    for link in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            found.append(os.readlink(link))
    return [name for name in found if name.startswith(folder)]


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open files are counted in /proc")
def test_refused_rows_leave_no_file_open_in_the_scratch_folder(
    qgis_processing: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[list[str]] = []

    class WatchedFolder(tempfile.TemporaryDirectory):  # type: ignore[type-arg]  # not to be subscripted in every Python
        def __exit__(self, *what: Any) -> None:
            left.append(open_files(self.name))
            super().__exit__(*what)

    monkeypatch.setattr(tempfile, "TemporaryDirectory", WatchedFolder)
    samples = sample("Polygon ((0 0, 1 0, 1 1, 0 0))"), sample("Point (1 2)")
    shape = SinkShape(output_fields(()), Qgis.WkbType.Polygon, QgsCoordinateReferenceSystem("EPSG:32611"), samples)
    path = tmp_path / "a.shp"
    with pytest.raises(OutputError, match="does not take these rows"):
        try_rows(OutputDestination(str(path), path, "a"), shape)
    assert left == [[]]
