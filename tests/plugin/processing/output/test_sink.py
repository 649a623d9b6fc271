"""The output sink reports rows that QGIS did not write."""

from __future__ import annotations

from pathlib import Path

import pytest

from rsgpt_plugin.errors import OutputError
from rsgpt_plugin.processing.output.sink import OutputSink
from tests.plugin.results import results_layer


def written(identifier: str) -> OutputSink:
    output = OutputSink(lambda: (None, identifier))
    output.open()
    return output


def test_missing_rows_of_a_file_raise_an_error(tmp_path: Path) -> None:
    path = results_layer(["a", "b"], "GPKG", tmp_path).source()
    written(path).check(2)
    with pytest.raises(OutputError, match=r"Only 2 of 3 rows were written to .*answers\.gpkg"):
        written(path).check(3)


def test_an_unreadable_file_counts_as_empty(tmp_path: Path) -> None:
    (tmp_path / "a.gpkg").write_bytes(b"SQLite format 3\0, half of it")
    with pytest.raises(OutputError, match="Only 0 of 1 rows"):
        written(str(tmp_path / "a.gpkg")).check(1)


def test_memory_layers_are_not_checked() -> None:
    written("Described_tiles_1234").check(5)
