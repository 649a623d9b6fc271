"""A GeoPackage with results shows its style in a new project, without replacing styles of the user."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from osgeo import gdal
from qgis.core import (
    Qgis,
    QgsCoordinateTransformContext,
    QgsMapLayer,
    QgsProject,
    QgsRasterLayer,
    QgsVectorFileWriter,
    QgsVectorLayer,
)

from rsgpt_plugin.core.run_store import RunRequest
from rsgpt_plugin.errors import OutputError
from rsgpt_plugin.geo.results.layer_metadata import record_run
from rsgpt_plugin.geo.results.styles import stored_style
from rsgpt_plugin.geo.results.styles.stored_style import store_style
from rsgpt_plugin.geo.results.styles.style import apply_style, show_styled
from rsgpt_plugin.shared.results.descriptions import describe_run
from tests.plugin.results import has_stored_style, results_layer

pytestmark = pytest.mark.usefixtures("qgis_new_project")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a GeoPackage with the results layer `answers`."""
    results_layer(["a harbor", "a park"], "GPKG", tmp_path)
    QgsProject.instance().removeAllMapLayers()
    return tmp_path / "answers.gpkg"


def in_new_project(file: Path, layer: str = "answers") -> QgsVectorLayer:
    """Return the layer as QGIS adds it to a new project."""
    project = QgsProject.instance()
    project.clear()
    added = project.addMapLayer(QgsVectorLayer(f"{file}|layername={layer}", layer, "ogr"))
    assert added.isValid()
    return added


def styles(file: Path) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(file)) as database:
        rows = database.execute("SELECT f_table_name, styleName, useAsDefault FROM layer_styles ORDER BY id")
        return rows.fetchall()


def save_own_style(file: Path, tip: str = "my tip", layer: str = "answers") -> None:
    """Store a default style as QGIS's layer properties do."""
    own = in_new_project(file, layer)
    own.setMapTipTemplate(tip)
    assert own.saveStyleToDatabase("", "Default style", True, "") == ""


def add_layer(file: Path, layer: QgsVectorLayer) -> None:
    """Write a layer into a GeoPackage, which may have others."""
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName, options.layerName = "GPKG", layer.name()
    if file.exists():
        options.actionOnExistingFile = QgsVectorFileWriter.ActionOnExistingFile.CreateOrOverwriteLayer
    QgsVectorFileWriter.writeAsVectorFormatV3(layer, str(file), QgsCoordinateTransformContext(), options)


def test_a_new_project_shows_style_form_tip_and_description(file: Path) -> None:
    plain = in_new_project(file)
    assert (plain.mapTipTemplate(), plain.renderer().type()) == ("", "singleSymbol")
    store_style(f"{file}|layername=answers", "about the run")
    shown = in_new_project(file)
    legend = [rule.label() for rule in shown.renderer().rootRule().children()]
    assert legend == ["Sure (70 % and above)", "Fair (40 % to 70 %)", "Unsure (below 40 %)", "No answer"]
    assert "caption" in shown.mapTipTemplate()
    assert shown.labeling() is not None
    assert shown.editFormConfig().layout() == Qgis.AttributeFormLayout.DragAndDrop
    assert shown.attributeAlias(shown.fields().indexOf("cars_confidence")) == "cars: confidence"
    assert shown.displayExpression() == '"caption"'
    assert shown.metadata().abstract() == "about the run"


def test_storing_again_replaces_the_style_and_keeps_those_of_other_layers(file: Path) -> None:
    add_layer(file, QgsVectorLayer("Polygon?crs=EPSG:32611", "parcels", "memory"))
    save_own_style(file, "parcel", "parcels")
    for _ in range(2):
        store_style(f"{file}|layername=answers")
    assert styles(file) == [("parcels", "parcels", 1), ("answers", "RSGPT", 1)]
    assert in_new_project(file, "parcels").mapTipTemplate() == "parcel"


def test_a_default_style_of_the_user_stays_the_default(file: Path) -> None:
    store_style(str(file))
    save_own_style(file)
    store_style(str(file))
    assert styles(file) == [("answers", "answers", 1), ("answers", "RSGPT", 0)]
    assert in_new_project(file).mapTipTemplate() == "my tip"


@pytest.mark.parametrize("has_ours", [False, True])
def test_a_style_file_next_to_the_layer_counts_as_a_stored_style(file: Path, has_ours: bool) -> None:
    if has_ours:
        store_style(str(file))
    own = in_new_project(file)
    own.setMapTipTemplate("my tip")
    assert own.saveNamedStyle(str(file.with_suffix(".qml")))[1]
    assert has_stored_style(str(file))
    store_style(str(file))
    assert in_new_project(file).mapTipTemplate() == "my tip"


def save_raster_style(path: Path) -> None:
    """Save the default style of a raster with this name."""
    assert gdal.GetDriverByName("GTiff").Create(str(path), 8, 8, 3) is not None
    assert QgsRasterLayer(str(path), "raster").saveDefaultStyle(QgsMapLayer.StyleCategory.AllStyleCategories)[1]


def save_parcels_style(path: Path) -> None:
    """Save the default style of other polygons with this name."""
    parcels = QgsVectorLayer("Polygon?crs=EPSG:32611&field=owner", "parcels", "memory")
    parcels.setMapTipTemplate("[% owner %]")
    assert parcels.saveNamedStyle(str(path.with_suffix(".qml")))[1]


@pytest.mark.parametrize("save", [save_raster_style, save_parcels_style])
@pytest.mark.parametrize("kind", ["GPKG", "ESRI Shapefile"])
def test_a_style_file_of_other_data_does_not_count(tmp_path: Path, save: Callable[[Path], None], kind: str) -> None:
    source = results_layer(["a harbor"], kind, tmp_path).source()
    save(tmp_path / "answers.tif")
    layer = QgsVectorLayer(source, "answers", "ogr")
    show_styled(layer)
    assert (layer.renderer().type(), "caption" in layer.mapTipTemplate()) == ("RuleRenderer", True)
    assert not has_stored_style(source)
    store_style(source)
    assert has_stored_style(source) is (kind == "GPKG")
    assert ("caption" in QgsVectorLayer(source, "again", "ogr").mapTipTemplate()) is (kind == "GPKG")


def test_whether_a_style_is_stored_is_known(file: Path, tmp_path: Path) -> None:
    assert not has_stored_style(str(file))
    store_style(str(file))
    assert has_stored_style(f"{file}|layername=answers")
    results_layer(["a"], "ESRI Shapefile", tmp_path)
    assert not has_stored_style(str(tmp_path / "answers.shp"))


def test_a_locked_file_is_reported_and_stays_as_it_is(file: Path) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(OutputError, match="being written by another program"):
            store_style(f"{file}|layername=answers")
    assert in_new_project(file).mapTipTemplate() == ""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no POSIX locks")
@pytest.mark.parametrize("look", [has_stored_style, store_style])
def test_edits_of_a_layer_that_qgis_has_open_are_kept(file: Path, look: Callable[[str], object]) -> None:
    """QGIS keeps committed edits in a `-wal` file, which another program removes if the locks of QGIS are lost."""
    layer = QgsVectorLayer(str(file), "edited", "ogr")
    fid, index = next(layer.getFeatures()).id(), layer.fields().indexOf("caption")
    layer.startEditing()
    assert layer.changeAttributeValue(fid, index, "first")
    assert layer.commitChanges(False)
    look(layer.source())
    read_elsewhere(file)
    assert layer.changeAttributeValue(fid, index, "second")
    assert layer.commitChanges(False)
    assert next(layer.getFeatures())["caption"] == "second"
    assert "second" in read_elsewhere(file)


def read_elsewhere(file: Path) -> str:
    """Return the captions as another process reads them."""
    read = (
        "import sqlite3, sys; database = sqlite3.connect(sys.argv[1]); "
        "print(database.execute('SELECT caption FROM answers').fetchall()); database.close()"
    )
    return subprocess.run([sys.executable, "-c", read, str(file)], capture_output=True, text=True, check=True).stdout


def test_the_style_belongs_to_the_layer_that_qgis_opens(file: Path) -> None:
    """Without a layer name, QGIS opens the first layer with geometries; the case of a name does not matter."""
    mine = file.with_name("mine.gpkg")
    for source, name in (("None?field=note", "notes"), (file, "tiles")):
        add_layer(mine, QgsVectorLayer(str(source), name, "memory" if name == "notes" else "ogr"))
    for source in (str(mine), f"{mine}|layerid=0", f"{mine}|layername=TILES"):
        store_style(source)
        assert styles(mine) == [("tiles", "RSGPT", 1)]
    assert "caption" in in_new_project(mine, "tiles").mapTipTemplate()


def test_the_request_of_the_run_stays_out_of_the_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def style_and_record(layer: QgsVectorLayer) -> None:
        apply_style(layer)
        run = RunRequest("rsgpt:describeraster", "x", {"OUTPUT": "/home/me/a.gpkg"}, source="/home/me/a.tif")
        record_run(layer, run)

    monkeypatch.setattr(stored_style, "apply_style", style_and_record)
    store_style(str(file), describe_run("1.0", "https://host/a.tif?token=abcdef", "tiny", "Describe this."))
    text = in_new_project(file).metadata().abstract()
    assert text.splitlines()[1:] == ["Raster: https://host/a.tif", "Model: tiny", "Prompts:", "Describe this."]
    with closing(sqlite3.connect(file)) as database:
        (style,) = database.execute("SELECT styleQML FROM layer_styles").fetchone()
    assert "/home/me" not in style


def test_a_stored_style_is_shown_in_place_of_ours(file: Path) -> None:
    save_own_style(file)
    layer = in_new_project(file)
    layer.setMapTipTemplate("")
    show_styled(layer)
    assert layer.mapTipTemplate() == "my tip"
