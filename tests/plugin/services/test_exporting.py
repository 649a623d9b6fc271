"""Every export, read back as its readers read it; nothing of a model's words is followed."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest
from qgis.core import QgsField, QgsVectorLayer
from qgis.PyQt.QtGui import QImage

from rsgpt_plugin.errors import OutputError
from rsgpt_plugin.geo.rows import RowReader
from rsgpt_plugin.services import exporting
from rsgpt_plugin.services.corrections import correct
from rsgpt_plugin.services.exporting import Destination, Format
from tests.plugin.results import fids, keep_pictures, results_layer, sha256_of
from tests.plugin.waiting import wait_until

pytestmark = pytest.mark.usefixtures("qgis_new_project")


def export(layer: QgsVectorLayer, kind: Format, path: Path, numbers: list[int] | None = None) -> str:
    """Export rows of these numbers, in that order; return what is said."""
    reader = RowReader(layer)
    rows = [reader.row(layer.getFeature(fid)) for fid in fids(layer)]
    rows = [rows[number] for number in numbers] if numbers is not None else rows
    said: list[str] = []
    work = exporting.export(layer, reader.columns, rows, Destination(kind, path))
    work.done.connect(said.append)
    work.failed.connect(lambda sentence, details: said.append(sentence))
    work.start()
    wait_until(lambda: bool(said))
    return said[0]


def cells(path: Path) -> list[dict[str, str]]:
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("begin", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_no_text_is_a_formula_in_a_sheet(tmp_path: Path, begin: str) -> None:
    layer = results_layer([begin, "plain, with a comma"])
    export(layer, Format.SHEET, tmp_path / "a.csv")
    first, second = cells(tmp_path / "a.csv")
    assert first["caption"] == f"'{begin}"
    assert (second["caption"], second["cars"]) == ("plain, with a comma", "1")


def test_a_sheet_has_every_column_the_place_and_the_order_asked_for(tmp_path: Path) -> None:
    layer = results_layer(["Ä", "b", "c"])
    said = export(layer, Format.SHEET, tmp_path / "a.csv", [2, 0])
    found = cells(tmp_path / "a.csv")
    assert [row["caption"] for row in found] == ["c", "Ä"]
    assert list(found[0])[:-2] == layer.fields().names()
    assert float(found[0]["longitude"]) == pytest.approx(-117.0, abs=0.01)
    assert said == f"Exported to {tmp_path / 'a.csv'}. Rows: 2."


@pytest.mark.parametrize("source", ["memory", "GPKG"])
def test_a_geopackage_holds_rows_and_corrections(tmp_path: Path, source: str) -> None:
    layer = results_layer(["a", "b"], source, tmp_path)
    correct(layer, fids(layer)[1], "trees", True)
    export(layer, Format.GEOPACKAGE, tmp_path / "out.gpkg")
    written = QgsVectorLayer(str(tmp_path / "out.gpkg"), "out")
    first, second = written.getFeatures()
    assert (written.crs().authid(), first["caption"], first["trees"]) == ("EPSG:32611", "a", True)
    assert (second["trees"], second["trees_model"], second["corrected"]) == (True, False, "trees")
    assert first.geometry().equals(layer.getFeature(fids(layer)[0]).geometry())
    assert sorted(path.name for path in tmp_path.glob("*.part*")) == []


def test_geojson_lies_in_degrees(tmp_path: Path) -> None:
    export(results_layer(["a"]), Format.GEOJSON, tmp_path / "a.geojson")
    (feature,) = json.loads((tmp_path / "a.geojson").read_text("utf-8"))["features"]
    x, y = feature["geometry"]["coordinates"][0][0]
    assert (x, y) == (pytest.approx(-117.0, abs=0.01), pytest.approx(36.1, abs=0.1))
    assert (feature["properties"]["cars"], feature["properties"]["trees"]) == (0, True)


def test_a_data_set_is_as_rsicap_s(tmp_path: Path) -> None:
    layer = results_layer(["a harbour", "a field", "no picture"])
    correct(layer, fids(layer)[1], "caption", "a meadow")
    keep_pictures([0, 1])
    said = export(layer, Format.DATASET, tmp_path / "set")
    captions = json.loads((tmp_path / "set" / "captions.json").read_text("utf-8"))["annotations"]
    names = [f"{sha256_of(number)[:16]}.png" for number in (0, 1)]
    assert captions == [
        {"filename": names[0], "text_input": "Describe this image.", "text_output": "a harbour"},
        {"filename": names[1], "text_input": "Describe this image.", "text_output": "a meadow"},
    ]
    questions = json.loads((tmp_path / "set" / "questions.json").read_text("utf-8"))
    assert questions[1]["qa_pairs"] == [
        {"question": "How many cars are there?", "answer": "1", "type": "count"},
        {"question": "Are there trees?", "answer": "no", "type": "presence"},
    ]
    assert QImage(str(tmp_path / "set" / "images" / names[0])).width() == 128
    assert said.endswith("Rows: 2. Left out, as their pictures are no longer kept: 1.")


def test_a_report_shows_markup_as_text_and_fetches_nothing(tmp_path: Path) -> None:
    hostile = '<script>alert(1)</script><img src=x onerror="alert(2)">'
    layer = results_layer([hostile, "fine"])
    layer.setName("<b>name</b>")
    correct(layer, fids(layer)[0], "caption", "</td><h1>my own</h1>")
    keep_pictures([1])
    export(layer, Format.REPORT, tmp_path / "a.html")
    page = (tmp_path / "a.html").read_text("utf-8")
    assert len(re.findall(r"<script", page)) == 1
    assert "<b>name" not in page
    assert "&lt;/td&gt;&lt;h1&gt;my own" in page
    assert "&lt;img src=x onerror=&quot;" in page
    assert page.count('src="data:image/jpeg;base64,') == 1
    assert re.findall(r"""(?:src|href|url)\s*[=(]\s*["']?(?!data:)\w+:""", page) == []
    assert 'data-sure="0.1000" data-status="answered"' in page


def test_a_report_names_the_run_s_model_beside_a_column_of_the_user_s(tmp_path: Path) -> None:
    layer = results_layer(["a"])
    provider = layer.dataProvider()
    (model,) = {feature["model"] for feature in layer.getFeatures()}
    own = QgsField(layer.fields().field("model"))
    provider.renameAttributes({layer.fields().indexOf("model"): "model_2"})
    provider.addAttributes([own])
    layer.updateFields()
    provider.changeAttributeValues({fids(layer)[0]: {layer.fields().indexOf("model"): "Boeing 737"}})
    export(layer, Format.REPORT, tmp_path / "a.html")
    assert f"said by a model ({model})" in (tmp_path / "a.html").read_text("utf-8")


def test_what_cannot_be_written_is_one_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for kind in Format:
        said = export(results_layer(["a"]), kind, tmp_path / "file" / f"a{kind.value}")
        assert "cannot be written" in said
    assert [path.name for path in tmp_path.iterdir() if path.name != "home"] == ["file"]


def test_a_layer_is_not_written_over_itself(tmp_path: Path) -> None:
    layer = results_layer(["a"], "GPKG", tmp_path)
    with pytest.raises(OutputError, match="the layer itself"):
        exporting.export(layer, [], [], Destination(Format.GEOPACKAGE, tmp_path / "answers.gpkg"))


def test_a_stopped_export_leaves_no_file(tmp_path: Path) -> None:
    layer = results_layer(["a"] * 50)
    reader = RowReader(layer)
    rows = [reader.row(feature) for feature in layer.getFeatures()]
    work = exporting.export(layer, reader.columns, rows, Destination(Format.SHEET, tmp_path / "a.csv"))
    work.cancel()
    assert not work.run()
    assert list(tmp_path.glob("a.csv*")) == []
