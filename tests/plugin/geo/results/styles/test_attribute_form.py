"""The form shows every column once, in reading order, with a label, and protects what a person may not correct."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from qgis.core import (
    Qgis,
    QgsApplication,
    QgsAttributeEditorContainer,
    QgsEditorWidgetSetup,
    QgsFeature,
    QgsProject,
    QgsVectorLayer,
)

from rsgpt_plugin.geo.results.column_roles import result_columns
from rsgpt_plugin.geo.results.schema import output_fields
from rsgpt_plugin.geo.results.styles.attribute_form import set_form
from rsgpt_plugin.services.results.results_layer import ResultsLayer
from tests.plugin.geo.results.layers import FORMATS, add_columns, asked_layer, written

pytestmark = pytest.mark.usefixtures("qgis_app")


def with_form(layer: QgsVectorLayer) -> QgsVectorLayer:
    set_form(layer, result_columns(layer))
    return layer


def page_of(layer: QgsVectorLayer) -> QgsAttributeEditorContainer:
    (page,) = layer.editFormConfig().tabs()
    return page


def names_of(layer: QgsVectorLayer, group: str = "") -> list[str]:
    """Return the names of what the form shows, or of what one of its groups shows."""
    page = page_of(layer)
    shown = next(child for child in page.children() if child.name() == group) if group else page
    return [element.name() for element in shown.children()]


def index_of(layer: QgsVectorLayer, start: str) -> int:
    """Return the index of the first column whose name starts so, as Shapefiles truncate names."""
    return next(number for number, name in enumerate(layer.fields().names()) if name.startswith(start))


def alias_of(layer: QgsVectorLayer, name: str) -> str:
    return str(layer.fields().field(name).alias())


def is_read_only(layer: QgsVectorLayer, name: str) -> bool:
    return bool(layer.editFormConfig().readOnly(layer.fields().lookupField(name)))


def described_features(*own: str) -> QgsVectorLayer:
    """Return a results layer of features with these text columns."""
    columns = "".join(f"&field={name}:string" for name in own)
    layer = QgsVectorLayer(f"Polygon?crs=EPSG:32611{columns}", "parcels", "memory")
    layer.dataProvider().addAttributes(output_fields([]).toList())
    layer.updateFields()
    return layer


@pytest.mark.parametrize("driver", FORMATS)
def test_the_form_matches_the_columns_in_any_format(driver: str, tmp_path: Path) -> None:
    layer = with_form(written(asked_layer(caption="a pool", swimming_pool=False), driver, tmp_path))
    fields, config = layer.fields(), layer.editFormConfig()
    by_alias = {fields[index].alias(): index for index in range(fields.count())}
    labels = {"Caption", "Confidence", "Status", "Picture (SHA-256)", "Plugin version", "cars: confidence"}
    assert labels <= set(by_alias)
    assert layer.editorWidgetSetup(index_of(layer, "swimming_p")).type() in ("CheckBox", "ValueMap")
    assert layer.editorWidgetSetup(by_alias["Caption"]).config()["IsMultiline"]
    assert not config.readOnly(by_alias["Caption"])
    assert config.readOnly(by_alias["Status"])
    assert config.readOnly(by_alias["cars: confidence"])
    page = page_of(layer)
    origin = page.children()[-1]
    assert (page.type(), origin.collapsed()) == (Qgis.AttributeEditorContainerType.Tab, True)
    shown = [element.idx() for element in page.findElements(Qgis.AttributeEditorType.Field)]
    assert sorted(shown) == [index for index in range(fields.count()) if fields[index].name() != "fid"]


@pytest.mark.parametrize("driver", FORMATS)
def test_null_is_neither_yes_nor_no_in_any_format(driver: str, tmp_path: Path) -> None:
    results = asked_layer(swimming_pool=True)
    for value in (False, None):
        row = QgsFeature(next(results.getFeatures()))
        row["swimming_pool"] = value
        results.dataProvider().addFeatures([row])
    layer = with_form(written(results, driver, tmp_path))
    index = index_of(layer, "swimming_p")
    widget = layer.editorWidgetSetup(index)
    formatter = QgsApplication.fieldFormatterRegistry().fieldFormatter(widget.type())
    values = [row[index] for row in layer.getFeatures()]
    texts = [formatter.representValue(layer, index, widget.config(), None, value) for value in values]
    assert texts[:2] in (["true", "false"], ["yes", "no"])
    assert texts[2] in ("NULL", "")


def test_the_answers_stand_before_their_origin() -> None:
    layer = with_form(asked_layer())
    assert page_of(layer).name() == "Answer"
    assert names_of(layer) == [
        "Picture", "caption", "confidence", "cars", "cars_confidence", "swimming_pool", "swimming_pool_confidence",
        "which_kind_of_place", "which_kind_of_place_confidence", "status", "Provenance",
    ]  # fmt: skip
    origin = names_of(layer, "Provenance")
    assert origin[:3] == ["reason", "model", "weights_sha256"]
    assert origin[-1] == "plugin_version"


def test_columns_of_the_model_s_answers_have_aliases_and_are_read_only() -> None:
    results = asked_layer()
    add_columns(results, "caption", "caption_model", "cars_model", "corrected_at")
    with_form(results)
    aliases = [alias_of(results, name) for name in ("caption_model", "cars_model", "corrected_at")]
    assert aliases == ["Caption by the model", "cars by the model", "Corrected at"]
    assert is_read_only(results, "cars_model")
    assert is_read_only(results, "caption_model")


def test_the_model_s_answer_stands_next_to_the_corrected_one() -> None:
    results = asked_layer()
    add_columns(results, "caption", "caption_model", "cars_model")
    names = names_of(with_form(results))
    assert names[names.index("cars") :][:3] == ["cars", "cars_confidence", "cars_model"]
    assert names[names.index("caption") :][:3] == ["caption", "confidence", "caption_model"]


def test_answers_can_be_corrected_and_their_origin_cannot() -> None:
    results = with_form(asked_layer())
    editable = {name for name in results.fields().names() if not is_read_only(results, name)}
    assert editable == {"caption", "cars", "swimming_pool", "which_kind_of_place"}


def test_the_raster_column_of_batch_has_an_alias_and_is_read_only() -> None:
    results = asked_layer()
    add_columns(results, "model", "raster")
    with_form(results)
    assert alias_of(results, "raster") == "Raster"
    assert is_read_only(results, "raster")


def test_attributes_of_the_described_features_have_a_group() -> None:
    results = with_form(described_features("parcel", "owner"))
    assert names_of(results)[-2:] == ["Attributes of the feature", "Provenance"]
    assert names_of(results, "Attributes of the feature") == ["parcel", "owner"]
    assert alias_of(results, "parcel") == ""
    assert not is_read_only(results, "parcel")


def test_tiles_have_no_group_for_attributes() -> None:
    assert "Attributes of the feature" not in names_of(with_form(asked_layer()))


def test_a_column_of_the_features_keeps_its_name_and_its_twin_gets_the_label() -> None:
    results = asked_layer()
    results.dataProvider().renameAttributes({results.fields().indexOf("model"): "model_2"})  # as Processing does
    results.updateFields()
    add_columns(results, "caption", "model")
    with_form(results)
    assert (alias_of(results, "model"), alias_of(results, "model_2")) == ("", "Model")
    assert (is_read_only(results, "model"), is_read_only(results, "model_2")) == (False, True)
    assert names_of(results, "Attributes of the feature") == ["model"]
    assert "model_2" in names_of(results, "Provenance")


def test_the_layer_of_clicks_starts_with_the_question(qgis_new_project: None) -> None:
    layer = with_form(ResultsLayer(QgsProject.instance())._create(QgsProject.instance().crs()))
    assert names_of(layer)[:4] == ["question", "Picture", "answer", "confidence"]
    assert is_read_only(layer, "question")
    assert not is_read_only(layer, "answer")
    assert layer.editorWidgetSetup(layer.fields().indexOf("answer")).config()["IsMultiline"]


@pytest.mark.parametrize(
    ("name", "kind", "settings"),
    [
        ("caption", "TextEdit", {"IsMultiline": True, "UseHtml": False}),
        ("reason", "TextEdit", {"IsMultiline": True, "UseHtml": False}),
        ("swimming_pool", "CheckBox", {"AllowNullState": True}),
        ("cars", "", {}),
    ],
)
def test_a_column_has_the_widget_of_its_type(name: str, kind: str, settings: dict[str, Any]) -> None:
    results = with_form(asked_layer())
    setup = results.editorWidgetSetup(results.fields().indexOf(name))
    assert (setup.type(), setup.config()) == (kind, settings)


def test_text_of_the_model_is_never_shown_as_html() -> None:
    results = with_form(asked_layer())
    setups = [results.editorWidgetSetup(index) for index in range(results.fields().count())]
    assert not any(setup.config().get("UseHtml") for setup in setups)


def test_the_form_is_set_again_after_a_column_is_added() -> None:
    results = with_form(asked_layer())
    add_columns(results, "caption", "cars_model")
    with_form(results)
    assert len(results.editFormConfig().tabs()) == 1
    assert names_of(results).count("cars_model") == 1


def test_widgets_of_the_user_s_columns_are_kept() -> None:
    results = described_features("owner")
    index = results.fields().indexOf("owner")
    results.setEditorWidgetSetup(index, QgsEditorWidgetSetup("UniqueValues", {"Editable": True}))
    with_form(results)
    assert results.editorWidgetSetup(index).type() == "UniqueValues"


def test_a_form_without_pictures_has_no_picture() -> None:
    results = asked_layer()
    results.dataProvider().deleteAttributes([results.fields().indexOf("image_sha256")])
    results.updateFields()
    names = names_of(with_form(results))
    assert "Picture" not in names
    assert names[0] == "caption"
