"""The attribute form of a result: names that a person reads, sensible widgets, the picture, provenance folded away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qgis.core import (
    Qgis,
    QgsAttributeEditorContainer,
    QgsAttributeEditorField,
    QgsAttributeEditorTextElement,
    QgsEditFormConfig,
    QgsEditorWidgetSetup,
    QgsField,
    QgsValueMapFieldFormatter,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QCoreApplication

from .columns import PROVENANCE, ResultColumns
from .map_tip import picture_tag
from .reading import yes_or_no
from .schema import is_yes_or_no

translate = QCoreApplication.translate

# A person may correct what was said, and not what was done.
_FIXED = ("confidence", "question", "status", "caption_model", "answer_model", "corrected", "corrected_at", *PROVENANCE)
_LONG = ("caption", "answer", "caption_model", "answer_model", "reason")


def set_form(layer: QgsVectorLayer, columns: ResultColumns) -> None:
    """Give the layer names for its columns, widgets and a form of its own."""
    _name_columns(layer, columns)
    _choose_widgets(layer, columns)
    config = layer.editFormConfig()
    config.clearTabs()
    config.setLayout(Qgis.AttributeFormLayout.DragAndDrop)
    config.addTab(_page(layer, columns))
    _protect(layer, columns, config)
    layer.setEditFormConfig(config)


def _aliases(columns: ResultColumns) -> dict[str, str]:
    """What each column is called, by the layer's name of it."""
    names = {
        "caption": translate("Rsgpt", "Caption"),
        "confidence": translate("Rsgpt", "Confidence"),
        "question": translate("Rsgpt", "Question"),
        "answer": translate("Rsgpt", "Answer"),
        "status": translate("Rsgpt", "Status"),
        "reason": translate("Rsgpt", "Reason"),
        "model": translate("Rsgpt", "Model"),
        "weights_sha256": translate("Rsgpt", "Weights (SHA-256)"),
        "prompt": translate("Rsgpt", "Prompt"),
        "image_sha256": translate("Rsgpt", "Picture (SHA-256)"),
        "gsd_m": translate("Rsgpt", "Ground resolution (m a pixel)"),
        "bands": translate("Rsgpt", "Bands"),
        "stretch": translate("Rsgpt", "Stretch"),
        "asked_at": translate("Rsgpt", "Asked at"),
        "plugin_version": translate("Rsgpt", "Plugin version"),
        "caption_model": translate("Rsgpt", "Caption by the model"),
        "answer_model": translate("Rsgpt", "Answer by the model"),
        "corrected": translate("Rsgpt", "Corrected"),
        "corrected_at": translate("Rsgpt", "Corrected at"),
    }
    return {column: names[name] for name, column in columns.known.items()}


def _name_columns(layer: QgsVectorLayer, columns: ResultColumns) -> None:
    aliases = _aliases(columns)
    for answered in columns.questions:
        aliases[answered.confidence] = translate("Rsgpt", "{name}: confidence").format(name=answered.name)
        if answered.model:
            aliases[answered.model] = translate("Rsgpt", "{name} by the model").format(name=answered.name)
    for column, alias in aliases.items():
        layer.setFieldAlias(layer.fields().lookupField(column), alias)


def _choose_widgets(layer: QgsVectorLayer, columns: ResultColumns) -> None:
    fields = layer.fields()
    for column in columns.present(_LONG):
        _set_widget(layer, column, "TextEdit", {"IsMultiline": True, "UseHtml": False})
    for answered in columns.questions:
        for column in filter(None, (answered.name, answered.model)):
            if is_yes_or_no(fields.field(column)):
                _set_widget(layer, column, *_yes_or_no(fields.field(column)))


def _yes_or_no(field: QgsField) -> tuple[str, dict[str, Any]]:
    """A widget in which no answer stays no answer: neither yes nor no."""
    if field.typeName().lower().startswith("bool"):
        return "CheckBox", {"AllowNullState": True}
    # Where a format makes numbers of it, tables would show a check box of no answer as 0.
    words = ((yes_or_no(True), "1"), (yes_or_no(False), "0"))
    choices = [{word: kept} for word, kept in (*words, ("", QgsValueMapFieldFormatter.NULL_VALUE))]
    return "ValueMap", {"map": choices}


def _set_widget(layer: QgsVectorLayer, column: str, kind: str, settings: dict[str, Any]) -> None:
    layer.setEditorWidgetSetup(layer.fields().lookupField(column), QgsEditorWidgetSetup(kind, settings))


def _page(layer: QgsVectorLayer, columns: ResultColumns) -> QgsAttributeEditorContainer:
    """All of the form: as a tab, since QGIS scrolls tabs alone."""
    page = _group(layer, translate("Rsgpt", "Answer"), columns.present(["question"]))
    page.setType(Qgis.AttributeEditorContainerType.Tab)
    picture = picture_tag(columns)
    if picture:
        element = QgsAttributeEditorTextElement(translate("Rsgpt", "Picture"), page)
        element.setText(picture)
        element.setShowLabel(False)
        page.addChildElement(element)
    _add(layer, page, columns.present(["caption", "answer", "confidence", "caption_model", "answer_model"]))
    for answered in columns.questions:
        _add(layer, page, [name for name in (answered.name, answered.confidence, answered.model) if name])
    _add(layer, page, columns.present(["corrected_at", "status"]))
    if columns.own:
        page.addChildElement(_group(layer, translate("Rsgpt", "Attributes of the feature"), columns.own))
    origin = _group(layer, translate("Rsgpt", "Where it comes from"), columns.present(PROVENANCE))
    origin.setCollapsed(True)
    page.addChildElement(origin)
    return page


def _group(layer: QgsVectorLayer, name: str, columns: Sequence[str]) -> QgsAttributeEditorContainer:
    group = QgsAttributeEditorContainer(name, None)
    group.setType(Qgis.AttributeEditorContainerType.GroupBox)
    _add(layer, group, columns)
    return group


def _add(layer: QgsVectorLayer, group: QgsAttributeEditorContainer, columns: Sequence[str]) -> None:
    for column in columns:
        group.addChildElement(QgsAttributeEditorField(column, layer.fields().lookupField(column), group))


def _protect(layer: QgsVectorLayer, columns: ResultColumns, config: QgsEditFormConfig) -> None:
    fixed = columns.present(_FIXED)
    for answered in columns.questions:
        fixed += [name for name in (answered.confidence, answered.model) if name]
    for column in fixed:
        config.setReadOnly(layer.fields().lookupField(column), True)
