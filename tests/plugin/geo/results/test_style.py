"""The style of results layers in every file format."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from qgis.core import (
    Qgis,
    QgsApplication,
    QgsExpression,
    QgsExpressionContext,
    QgsExpressionContextUtils,
    QgsFeature,
    QgsGeometry,
    QgsLayerTree,
    QgsLayerTreeModel,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsRectangle,
    QgsVectorFileWriter,
    QgsVectorLayer,
    QgsVectorLayerUtils,
)
from qgis.PyQt.QtCore import Qt

from rsgpt_plugin.core.run_store import RunRequest
from rsgpt_plugin.geo.results.layer_metadata import recorded_run
from rsgpt_plugin.geo.results.schema import output_fields
from rsgpt_plugin.geo.results.style import ResultStyler, apply_style
from rsgpt_plugin.shared.answers.questions import parse_questions

QUESTIONS = "cars[integer]: How many?\nswimming_pool[yesno]: Is there one?\nwhich_kind_of_place: Which?"
FORMATS = {"memory": "", "GPKG": "gpkg", "ESRI Shapefile": "shp", "GeoJSON": "geojson", "FlatGeobuf": "fgb"}
LONG = "A long caption that goes on and on about a harbour with boats, cranes and a great many containers"


def layer(kind: str = "Polygon", **values: object) -> QgsVectorLayer:
    """Return a results layer in memory, with one row if there are values."""
    results = QgsVectorLayer(f"{kind}?crs=EPSG:32611", "answers", "memory")
    results.dataProvider().addAttributes(output_fields(parse_questions(QUESTIONS)).toList())
    results.updateFields()
    if values:
        row = QgsFeature(results.fields())
        row.setGeometry(QgsGeometry.fromRect(QgsRectangle(0, 0, 100, 100)))
        for name, value in values.items():
            row[name] = value
        results.dataProvider().addFeatures([row])
    return results


def written(source: QgsVectorLayer, driver: str, folder: Path) -> QgsVectorLayer:
    """Write the layer to a file of that format and return the file's layer."""
    if driver == "memory":
        return source
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = driver
    path = str(folder / f"answers.{FORMATS[driver]}")
    context = QgsProcessingContext().transformContext()
    assert QgsVectorFileWriter.writeAsVectorFormatV3(source, path, context, options)[0] == 0
    return QgsVectorLayer(path, "answers", "ogr")


def context_of(styled: QgsVectorLayer, feature: QgsFeature) -> QgsExpressionContext:
    context = QgsExpressionContext(QgsExpressionContextUtils.globalProjectLayerScopes(styled))
    context.setFeature(feature)
    return context


def tip(styled: QgsVectorLayer) -> str:
    (feature,) = styled.getFeatures()
    return QgsExpression.replaceExpressionText(styled.mapTipTemplate(), context_of(styled, feature))


def labels(styled: QgsVectorLayer) -> list[str]:
    """Return the label texts of the rules that match the only row."""
    (feature,) = styled.getFeatures()
    context = context_of(styled, feature)
    rules = styled.labeling().rootRule().children()
    hits = [rule for rule in rules if QgsExpression(rule.filterExpression()).evaluate(context)]
    return [QgsExpression(rule.settings().fieldName).evaluate(context) for rule in hits]


@pytest.fixture
def pool() -> dict[str, Any]:
    return {"caption": "a pool", "confidence": 0.5, "cars": 7, "swimming_pool": False, "swimming_pool_confidence": 0.9}


@pytest.mark.parametrize(
    ("confidence", "label"),
    [(0.9, "Sure"), (0.7, "Sure"), (0.5, "Fair"), (0.1, "Unsure"), (None, "No answer")],
)
def test_every_confidence_level_has_its_own_outline(confidence: float | None, label: str) -> None:
    styled = layer(caption="x", confidence=confidence)
    ResultStyler().postProcessLayer(styled, QgsProcessingContext(), QgsProcessingFeedback())
    (feature,) = styled.getFeatures()
    rules = styled.renderer().rootRule().children()
    context = context_of(styled, feature)
    hits = [rule.label() for rule in rules if QgsExpression(rule.filterExpression()).evaluate(context)]
    assert len(hits) == 1
    assert hits[0].startswith(label)
    outlines = {tuple(part.color().name() for part in rule.symbol().symbolLayers()) for rule in rules}
    assert len(outlines) == 4


def test_the_layer_tree_shows_the_names_of_the_outlines() -> None:
    styled, tree = layer(caption="x", confidence=0.9), QgsLayerTree()
    model, node = QgsLayerTreeModel(tree), tree.addLayer(styled)
    apply_style(styled)
    legend = [str(item.data(Qt.ItemDataRole.DisplayRole)) for item in model.layerLegendNodes(node)]
    assert "Sure (70 % and above)" in legend


def test_the_display_name_of_a_row_is_its_caption() -> None:
    styled = layer(caption="a pool", confidence=0.9)
    apply_style(styled)
    (feature,) = styled.getFeatures()
    assert QgsVectorLayerUtils.getFeatureDisplayString(styled, feature) == "a pool"


def test_the_styler_records_the_run() -> None:
    styled = layer(caption="x")
    run = RunRequest("rsgpt:describeraster", "a", {"TILE_SIZE": 64})
    ResultStyler(run).postProcessLayer(styled, QgsProcessingContext(), QgsProcessingFeedback())
    assert recorded_run(styled) == run


@pytest.mark.parametrize("driver", FORMATS)
def test_tip_and_label_show_caption_and_answers_in_any_format(
    driver: str, tmp_path: Path, pool: dict[str, Any]
) -> None:
    styled = written(layer(**pool), driver, tmp_path)
    apply_style(styled)
    shown = tip(styled)
    assert "<b>a pool</b> (50 %)" in shown
    assert "cars: 7<br>" in shown
    assert ": no (90 %)<br>" in shown
    assert ": no answer<br>" in shown
    assert "[%" not in shown
    assert labels(styled) == ["a pool"]


@pytest.mark.parametrize("driver", FORMATS)
def test_the_form_matches_the_columns_in_any_format(driver: str, tmp_path: Path, pool: dict[str, Any]) -> None:
    styled = written(layer(**pool), driver, tmp_path)
    apply_style(styled)
    fields, config = styled.fields(), styled.editFormConfig()
    by_alias = {fields[index].alias(): index for index in range(fields.count())}
    assert {"Caption", "Confidence", "Status", "Picture (SHA-256)", "Plugin version", "cars: confidence"} <= set(
        by_alias
    )
    pool_index = next(index for index in range(fields.count()) if fields[index].name().startswith("swimming_p"))
    assert styled.editorWidgetSetup(pool_index).type() in ("CheckBox", "ValueMap")
    assert styled.editorWidgetSetup(by_alias["Caption"]).config()["IsMultiline"]
    assert not config.readOnly(by_alias["Caption"])
    assert config.readOnly(by_alias["Status"])
    assert config.readOnly(by_alias["cars: confidence"])
    (page,) = config.tabs()
    origin = page.children()[-1]
    assert (page.type(), origin.collapsed()) == (Qgis.AttributeEditorContainerType.Tab, True)
    shown = {element.idx() for element in page.findElements(Qgis.AttributeEditorType.Field)}
    assert shown == {index for index in range(fields.count()) if fields[index].name() != "fid"}


@pytest.mark.parametrize("driver", FORMATS)
def test_null_is_neither_yes_nor_no_in_any_format(driver: str, tmp_path: Path) -> None:
    results = layer(swimming_pool=True)
    for value in (False, None):
        row = QgsFeature(next(results.getFeatures()))
        row["swimming_pool"] = value
        results.dataProvider().addFeatures([row])
    styled = written(results, driver, tmp_path)
    apply_style(styled)
    index = next(number for number, name in enumerate(styled.fields().names()) if name.startswith("swimming_p"))
    widget = styled.editorWidgetSetup(index)
    formatter = QgsApplication.fieldFormatterRegistry().fieldFormatter(widget.type())
    values = [row[index] for row in styled.getFeatures()]
    texts = [formatter.representValue(styled, index, widget.config(), None, value) for value in values]
    assert texts[:2] in (["true", "false"], ["yes", "no"])
    assert texts[2] in ("NULL", "")


def test_a_row_without_a_caption_is_labeled_with_its_answers() -> None:
    styled = layer(cars=3, swimming_pool=True)
    apply_style(styled)
    assert labels(styled) == ["cars: 3\nswimming_pool: yes"]


def test_a_long_caption_is_cut_at_a_word_in_the_label_but_not_in_the_tip() -> None:
    styled = layer(caption=LONG)
    apply_style(styled)
    (label,) = labels(styled)
    assert len(label) <= 80
    assert LONG.startswith(label.removesuffix(" …"))
    assert label != LONG
    assert LONG in tip(styled)


def test_labels_have_a_minimum_size_and_no_html() -> None:
    styled = layer()
    apply_style(styled)
    assert styled.labelsEnabled()
    for rule in styled.labeling().rootRule().children():
        assert rule.settings().thinningSettings().minimumFeatureSize() > 0
        assert not rule.settings().format().allowHtmlFormatting()


def tiles(count: int, crs: str, side: float) -> QgsVectorLayer:
    results = QgsVectorLayer(f"Polygon?crs={crs}", "answers", "memory")
    results.dataProvider().addAttributes(output_fields([]).toList())
    results.updateFields()
    rows = [QgsFeature(results.fields()) for _ in range(count)]
    for number, row in enumerate(rows):
        row.setGeometry(QgsGeometry.fromRect(QgsRectangle(number * side, 0, (number + 1) * side, side)))
    results.dataProvider().addFeatures(rows)
    return results


@pytest.mark.parametrize(("crs", "side"), [("EPSG:32611", 80.0), ("EPSG:4326", 80.0 / 111_319.49)])
def test_labels_of_many_rows_have_a_minimum_scale(crs: str, side: float) -> None:
    styled = tiles(2500, crs, side)
    apply_style(styled)
    for rule in styled.labeling().rootRule().children():
        scale = 80 / (rule.settings().thinningSettings().minimumFeatureSize() / 1000)
        assert rule.minimumScale() == pytest.approx(4 * scale, rel=1e-3)


def test_labels_of_few_rows_have_no_minimum_scale() -> None:
    styled = tiles(20, "EPSG:32611", 80.0)
    apply_style(styled)
    assert not any(rule.dependsOnScale() for rule in styled.labeling().rootRule().children())


def test_the_map_tip_escapes_text() -> None:
    styled = layer(
        caption="<script>alert(1)</script> & [% 1 %]",
        which_kind_of_place="<b>x</b>",
        reason="<img src=x>",
        model="secret",
        image_sha256="') || 1/0 || ('",
    )
    apply_style(styled)
    shown = tip(styled)
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; [% 1 %]" in shown
    assert "&lt;b&gt;x&lt;/b&gt;" in shown
    assert "<script" not in shown
    assert "<img" not in shown
    assert "secret" not in shown


def test_columns_of_the_model_s_answers_have_aliases_and_are_read_only() -> None:
    results = layer()
    text = results.fields().field("caption")
    for name in ("caption_model", "cars_model", "corrected_at"):
        text.setName(name)
        results.dataProvider().addAttributes([text])
    results.updateFields()
    apply_style(results)
    fields = results.fields()
    aliases = [fields.field(name).alias() for name in ("caption_model", "cars_model", "corrected_at")]
    assert aliases == ["Caption by the model", "cars by the model", "Corrected at"]
    assert results.editFormConfig().readOnly(fields.lookupField("cars_model"))


def test_the_raster_column_of_batch_has_an_alias_and_is_read_only() -> None:
    results = layer()
    field = results.fields().field("model")
    field.setName("raster")
    results.dataProvider().addAttributes([field])
    results.updateFields()
    apply_style(results)
    assert results.attributeAlias(results.fields().lookupField("raster")) == "Raster"
    assert results.editFormConfig().readOnly(results.fields().lookupField("raster"))


def test_attributes_of_the_described_features_have_a_group() -> None:
    results = QgsVectorLayer("Polygon?crs=EPSG:32611&field=parcel:string&field=owner:string", "parcels", "memory")
    results.dataProvider().addAttributes(output_fields([]).toList())
    results.updateFields()
    apply_style(results)
    (page,) = results.editFormConfig().tabs()
    own = page.children()[-2]
    assert [element.name() for element in own.children()] == ["parcel", "owner"]
    assert results.fields().field("parcel").alias() == ""


def test_points_keep_their_symbol() -> None:
    styled = layer("Point")
    before = styled.renderer().type()
    apply_style(styled)
    assert styled.renderer().type() == before
    assert styled.labelsEnabled()
    assert styled.editFormConfig().layout() == Qgis.AttributeFormLayout.DragAndDrop
