"""All export formats, read back; text of a model is never interpreted as a formula or as markup."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsField,
    QgsProject,
    QgsProviderRegistry,
    QgsVectorLayer,
)
from qgis.PyQt.QtGui import QImage

from rsgpt_plugin.errors import OutputError
from rsgpt_plugin.geo.results.layer_rows import RowReader
from rsgpt_plugin.services.results import exporting
from rsgpt_plugin.services.results.corrections import correct
from rsgpt_plugin.services.results.exporting import ExportDestination, ExportFormat
from tests.plugin.results import fids, keep_pictures, results_layer, sha256_of
from tests.plugin.waiting import wait_until

LOCAL = QgsCoordinateReferenceSystem.fromWkt(
    'ENGCRS["site",EDATUM["site"],CS[Cartesian,2],AXIS["(E)",east],AXIS["(N)",north],LENGTHUNIT["metre",1]]'
)

pytestmark = pytest.mark.usefixtures("qgis_new_project")


def export(layer: QgsVectorLayer, kind: ExportFormat, path: Path, numbers: list[int] | None = None) -> str:
    """Export the rows with these numbers in that order; return the message."""
    reader = RowReader(layer)
    rows = [reader.row(layer.getFeature(fid)) for fid in fids(layer)]
    rows = [rows[number] for number in numbers] if numbers is not None else rows
    messages: list[str] = []
    task = exporting.export(layer, reader.columns, rows, ExportDestination(kind, path))
    task.done.connect(messages.append)
    task.failed.connect(lambda message, details: messages.append(message))
    task.start()
    wait_until(lambda: bool(messages))
    return messages[0]


def cells(path: Path) -> list[dict[str, str]]:
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_csv_text_is_never_a_formula(tmp_path: Path, start: str) -> None:
    layer = results_layer([start, "plain, with a comma"])
    export(layer, ExportFormat.SHEET, tmp_path / "a.csv")
    first, second = cells(tmp_path / "a.csv")
    assert first["caption"] == f"'{start}"
    assert (second["caption"], second["cars"]) == ("plain, with a comma", "1")


def test_csv_has_all_columns_coordinates_and_the_given_row_order(tmp_path: Path) -> None:
    layer = results_layer(["Ä", "b", "c"])
    message = export(layer, ExportFormat.SHEET, tmp_path / "a.csv", [2, 0])
    sheet_rows = cells(tmp_path / "a.csv")
    assert [row["caption"] for row in sheet_rows] == ["c", "Ä"]
    assert list(sheet_rows[0])[:-2] == layer.fields().names()
    assert float(sheet_rows[0]["longitude"]) == pytest.approx(-117.0, abs=0.01)
    assert message == f"Exported to {tmp_path / 'a.csv'}. Rows: 2."


def test_a_sheet_of_a_local_crs_has_no_longitude(tmp_path: Path) -> None:
    layer = results_layer(["a"])
    layer.setCrs(LOCAL)
    export(layer, ExportFormat.SHEET, tmp_path / "a.csv")
    (row,) = cells(tmp_path / "a.csv")
    assert (row["longitude"], row["latitude"]) == ("", "")
    assert "cannot be transformed" in export(layer, ExportFormat.GEOJSON, tmp_path / "a.geojson")
    assert not (tmp_path / "a.geojson").exists()


@pytest.mark.parametrize("source", ["memory", "GPKG"])
def test_geopackage_contains_rows_and_corrections(tmp_path: Path, source: str) -> None:
    layer = results_layer(["a", "b"], source, tmp_path)
    correct(layer, fids(layer)[1], "trees", True)
    export(layer, ExportFormat.GEOPACKAGE, tmp_path / "out.gpkg")
    written = QgsVectorLayer(str(tmp_path / "out.gpkg"), "out")
    first, second = written.getFeatures()
    assert (written.crs().authid(), first["caption"], first["trees"]) == ("EPSG:32611", "a", True)
    assert (second["trees"], second["trees_model"], second["corrected"]) == (True, False, "trees")
    assert first.geometry().equals(layer.getFeature(fids(layer)[0]).geometry())
    assert sorted(path.name for path in tmp_path.glob("*.part*")) == []


def test_geojson_has_coordinates_in_degrees(tmp_path: Path) -> None:
    export(results_layer(["a"]), ExportFormat.GEOJSON, tmp_path / "a.geojson")
    (feature,) = json.loads((tmp_path / "a.geojson").read_text("utf-8"))["features"]
    x, y = feature["geometry"]["coordinates"][0][0]
    assert (x, y) == (pytest.approx(-117.0, abs=0.01), pytest.approx(36.1, abs=0.1))
    assert (feature["properties"]["cars"], feature["properties"]["trees"]) == (0, True)


@pytest.mark.parametrize(("kind", "column"), [(ExportFormat.GEOJSON, "fid"), (ExportFormat.GEOPACKAGE, "fid_2")])
def test_a_user_column_named_fid_is_exported(tmp_path: Path, kind: ExportFormat, column: str) -> None:
    layer = results_layer(["a", "b"])
    layer.dataProvider().addAttributes([QgsField("fid", layer.fields().field("caption").type())])
    layer.updateFields()
    index = layer.fields().indexOf("fid")
    layer.dataProvider().changeAttributeValues({fid: {index: "north"} for fid in fids(layer)})
    path = tmp_path / f"a{kind.value}"
    assert export(layer, kind, path).endswith("Rows: 2.")
    assert [row[column] for row in QgsVectorLayer(str(path), "written").getFeatures()] == ["north", "north"]


def test_rows_deleted_before_the_export_are_not_counted(tmp_path: Path) -> None:
    layer = results_layer(["a", "b"])
    reader = RowReader(layer)
    rows = [reader.row(layer.getFeature(fid)) for fid in fids(layer)]
    layer.dataProvider().deleteFeatures(fids(layer)[:1])
    messages: list[str] = []
    task = exporting.export(layer, reader.columns, rows, ExportDestination(ExportFormat.SHEET, tmp_path / "a.csv"))
    task.done.connect(messages.append)
    task.start()
    wait_until(lambda: bool(messages))
    assert messages[0].endswith("Rows: 1.")
    assert len(cells(tmp_path / "a.csv")) == 1


def test_a_data_set_has_the_layout_of_rsicap(tmp_path: Path) -> None:
    layer = results_layer(["a harbour", "a field", "no picture"])
    correct(layer, fids(layer)[1], "caption", "a meadow")
    keep_pictures([0, 1])
    message = export(layer, ExportFormat.DATASET, tmp_path / "set")
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
    assert message.endswith("Rows: 2. Rows left out because their pictures are no longer stored: 1.")


def test_a_report_escapes_markup_and_has_no_external_links(tmp_path: Path) -> None:
    hostile = '<script>alert(1)</script><img src=x onerror="alert(2)">'
    layer = results_layer([hostile, "fine"])
    layer.setName("<b>name</b>")
    correct(layer, fids(layer)[0], "caption", "</td><h1>my own</h1>")
    keep_pictures([1])
    export(layer, ExportFormat.REPORT, tmp_path / "a.html")
    page = (tmp_path / "a.html").read_text("utf-8")
    assert len(re.findall(r"<script", page)) == 1
    assert "<b>name" not in page
    assert "&lt;/td&gt;&lt;h1&gt;my own" in page
    assert "&lt;img src=x onerror=&quot;" in page
    assert page.count('src="data:image/jpeg;base64,') == 1
    assert re.findall(r"""(?:src|href|url)\s*[=(]\s*["']?(?!data:)\w+:""", page) == []
    assert 'data-sure="0.1000" data-status="answered"' in page


def test_a_report_names_the_run_s_model_despite_a_user_column_named_model(tmp_path: Path) -> None:
    layer = results_layer(["a"])
    provider = layer.dataProvider()
    (model,) = {feature["model"] for feature in layer.getFeatures()}
    user_field = QgsField(layer.fields().field("model"))
    provider.renameAttributes({layer.fields().indexOf("model"): "model_2"})
    provider.addAttributes([user_field])
    layer.updateFields()
    provider.changeAttributeValues({fids(layer)[0]: {layer.fields().indexOf("model"): "Boeing 737"}})
    export(layer, ExportFormat.REPORT, tmp_path / "a.html")
    assert f"generated by a model ({model})" in (tmp_path / "a.html").read_text("utf-8")


def test_a_failed_export_is_reported_and_leaves_no_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for kind in ExportFormat:
        message = export(results_layer(["a"]), kind, tmp_path / "file" / f"a{kind.value}")
        assert "cannot be written" in message
    assert [path.name for path in tmp_path.iterdir() if path.name != "home"] == ["file"]


def test_an_export_does_not_replace_its_own_layer(tmp_path: Path) -> None:
    layer = results_layer(["a"], "GPKG", tmp_path)
    (tmp_path / "sub").mkdir()
    (tmp_path / "link.gpkg").symlink_to(tmp_path / "answers.gpkg")
    for name in ("answers.gpkg", "sub/../answers.gpkg", "link.gpkg"):
        with pytest.raises(OutputError, match="the layer itself"):
            exporting.export(layer, [], [], ExportDestination(ExportFormat.GEOPACKAGE, tmp_path / name))


@pytest.mark.parametrize("times", [1, 2])
def test_other_layers_of_a_geopackage_are_preserved(tmp_path: Path, times: int) -> None:
    other = QgsVectorLayer(results_layer(["mine"], "GPKG", tmp_path).source(), "other")
    for _ in range(times):
        message = export(results_layer(["a", "b"]), ExportFormat.GEOPACKAGE, tmp_path / "answers.gpkg")
    assert "Rows: 2." in message
    sublayers = QgsProviderRegistry.instance().querySublayers(str(tmp_path / "answers.gpkg"))
    assert sorted(sublayer.name() for sublayer in sublayers) == ["answers", "results"]
    assert [row["caption"] for row in other.getFeatures()] == ["mine"]


@pytest.mark.parametrize("kind", [kind for kind in ExportFormat if kind is not ExportFormat.DATASET])
def test_a_file_that_is_not_an_export_is_not_replaced(tmp_path: Path, kind: ExportFormat) -> None:
    path = tmp_path / f"a{kind.value}"
    path.write_text("my notes")
    with pytest.raises(OutputError, match="would be (overwritten|replaced)"):
        export(results_layer(["a"]), kind, path)
    assert path.read_text() == "my notes"
    path.unlink()
    for _ in range(2):
        assert "Rows: 1." in export(results_layer(["a"]), kind, path)


def test_a_data_set_that_is_not_an_export_is_not_replaced(tmp_path: Path) -> None:
    keep_pictures([0])
    for _ in range(2):
        assert "Rows: 1" in export(results_layer(["a"]), ExportFormat.DATASET, tmp_path / "set")
    rsicap = json.dumps({"annotations": []})
    (tmp_path / "set" / "captions.json").write_text(rsicap)
    with pytest.raises(OutputError, match=r"captions\.json is not an RSGPT export"):
        export(results_layer(["a"]), ExportFormat.DATASET, tmp_path / "set")
    assert (tmp_path / "set" / "captions.json").read_text() == rsicap


def test_geopackage_keeps_the_units_of_a_crs(tmp_path: Path) -> None:
    """GDAL would identify this CRS in kilometers as EPSG:32611, which is in meters."""
    layer = results_layer(["a"])
    km = QgsCoordinateReferenceSystem.fromProj("+proj=utm +zone=11 +datum=WGS84 +units=km +type=crs")
    layer.setCrs(km)
    export(layer, ExportFormat.GEOPACKAGE, tmp_path / "a.gpkg")
    written = QgsVectorLayer(str(tmp_path / "a.gpkg"), "written")
    transform = QgsCoordinateTransform(written.crs(), km, QgsProject.instance())
    assert transform.transform(500, 4000).distance(500, 4000) < 1e-6


def test_columns_that_a_geopackage_rejects_are_renamed(tmp_path: Path) -> None:
    layer = results_layer(["a", "b"])
    text = layer.fields().field("caption")
    for name in ("fid", "geom", "CAPTION"):
        field = QgsField(text)
        field.setName(name)
        layer.dataProvider().addAttributes([field])
    layer.updateFields()
    indexes = [layer.fields().indexOf(name) for name in ("fid", "geom", "CAPTION")]
    layer.dataProvider().changeAttributeValues({fid: dict.fromkeys(indexes, "mine") for fid in fids(layer)})
    assert "Rows: 2." in export(layer, ExportFormat.GEOPACKAGE, tmp_path / "a.gpkg")
    rows = list(QgsVectorLayer(str(tmp_path / "a.gpkg"), "written").getFeatures())
    assert [[row[name] for name in ("caption", "fid_2", "geom_2", "CAPTION_2")] for row in rows] == [
        ["a", "mine", "mine", "mine"],
        ["b", "mine", "mine", "mine"],
    ]


def test_a_stopped_export_leaves_no_file(tmp_path: Path) -> None:
    layer = results_layer(["a"] * 50)
    reader = RowReader(layer)
    rows = [reader.row(feature) for feature in layer.getFeatures()]
    task = exporting.export(layer, reader.columns, rows, ExportDestination(ExportFormat.SHEET, tmp_path / "a.csv"))
    task.cancel()
    assert not task.run()
    assert list(tmp_path.glob("a.csv*")) == []
