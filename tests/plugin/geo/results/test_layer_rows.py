"""Rows of results layers as plain values."""

from __future__ import annotations

from pathlib import Path

from rsgpt_plugin.geo.results.layer_rows import RowReader, attributes_only
from tests.plugin.corrections import correct
from tests.plugin.results import PROMPT, fids, results_layer, sha256_of


def test_a_row_holds_shown_values_and_search_text(qgis_new_project: None) -> None:
    layer = results_layer([None, "A Harbour"])
    reader = RowReader(layer)
    unanswered, row = [reader.row(feature) for feature in layer.getFeatures(attributes_only())]
    assert row.values == ("A Harbour", 1, False, 0.1, "answered")
    assert row.sure == (0.1, 0.5, 0.9, None, None)
    assert (row.confidence, row.status, row.sha256, row.prompt) == (0.1, "answered", sha256_of(1), PROMPT)
    assert "a harbour" in row.text
    assert "no" in row.text.split("\n")
    assert unanswered.values[0] is None


def test_a_corrected_row_holds_the_model_s_answer(qgis_new_project: None) -> None:
    layer = results_layer(["a"])
    correct(layer, fids(layer)[0], "cars", 7)
    (feature,) = layer.getFeatures()
    row = RowReader(layer).row(feature)
    assert (row.values[1], row.models) == (7, {"cars": 0})


def test_rows_of_a_shapefile_are_read(qgis_new_project: None, tmp_path: Path) -> None:
    layer = results_layer(["a", "b"], "ESRI Shapefile", tmp_path)
    reader = RowReader(layer)
    row = [reader.row(feature) for feature in layer.getFeatures()][1]
    assert (row.values, row.sure) == (("b", 1, False, 0.1, "answered"), (0.1, 0.5, 0.9, None, None))
    assert (row.sha256, row.prompt) == (sha256_of(1), PROMPT)
