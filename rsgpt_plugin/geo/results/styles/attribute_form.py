"""The attribute form of a results layer: aliases, widgets, the picture, and collapsed provenance."""

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
    QgsExpression,
    QgsField,
    QgsProperty,
    QgsPropertyCollection,
    QgsValueMapFieldFormatter,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QCoreApplication

from ....shared.i18n import marked
from ....shared.results import columns as table
from ....shared.results.columns import CONFIDENCE, CORRECTED, ColumnGroup
from ..column_roles import ResultColumns
from ..display_values import yes_or_no
from ..schema import is_yes_or_no
from .map_tip import is_marked, picture_tag

translate = QCoreApplication.translate

_DECIMALS = 2  # of confidences


def set_form(layer: QgsVectorLayer, columns: ResultColumns) -> None:
    """Set the column aliases, the widgets, and the attribute form of the layer."""
    _name_columns(layer, columns)
    _choose_widgets(layer, columns)
    config = layer.editFormConfig()
    config.clearTabs()
    config.setLayout(Qgis.AttributeFormLayout.DragAndDrop)
    config.addTab(_page(layer, columns))
    _protect(layer, columns, config)
    _describe_confidences(layer, columns, config)
    layer.setEditFormConfig(config)


def _name_columns(layer: QgsVectorLayer, columns: ResultColumns) -> None:
    labels = {column.name: marked(column.label) for column in table.COLUMNS}
    aliases = {column: labels[name] for name, column in columns.known.items()}
    for answered in columns.questions:
        aliases[answered.confidence] = translate("Rsgpt", "{name}: confidence").format(name=answered.name)
        if answered.model:
            aliases[answered.model] = translate("Rsgpt", "{name} by the model").format(name=answered.name)
    for column, alias in aliases.items():
        layer.setFieldAlias(layer.fields().lookupField(column), alias)


def _choose_widgets(layer: QgsVectorLayer, columns: ResultColumns) -> None:
    fields = layer.fields()
    for column in columns.present([column.name for column in table.COLUMNS if column.is_long]):
        _set_widget(layer, column, "TextEdit", {"IsMultiline": True, "UseHtml": False})
    for confidence, _ in _confidences(columns):
        _set_widget(layer, confidence, "Range", {"Precision": _DECIMALS, "AllowNull": True})
    for answered in columns.questions:
        for column in filter(None, (answered.name, answered.model)):
            if is_yes_or_no(fields.field(column)):
                _set_widget(layer, column, *_yes_or_no(fields.field(column)))


def _yes_or_no(field: QgsField) -> tuple[str, dict[str, Any]]:
    """Return a widget type and its settings that keep NULL apart from yes and no."""
    if field.typeName().lower().startswith("bool"):
        return "CheckBox", {"AllowNullState": True}
    # For formats that store yes/no as numbers, attribute tables would show NULL in a check box as 0.
    words = ((yes_or_no(True), "1"), (yes_or_no(False), "0"))
    choices = [{word: value} for word, value in (*words, ("", QgsValueMapFieldFormatter.NULL_VALUE))]
    return "ValueMap", {"map": choices}


def _set_widget(layer: QgsVectorLayer, column: str, kind: str, settings: dict[str, Any]) -> None:
    layer.setEditorWidgetSetup(layer.fields().lookupField(column), QgsEditorWidgetSetup(kind, settings))


def _page(layer: QgsVectorLayer, columns: ResultColumns) -> QgsAttributeEditorContainer:
    """Return the whole form as one tab, as QGIS only scrolls tabs."""
    page = _group(layer, translate("Rsgpt", "Answer"), columns.present(table.names_in(ColumnGroup.ASKED)))
    page.setType(Qgis.AttributeEditorContainerType.Tab)
    picture = picture_tag(columns)
    if picture:
        element = QgsAttributeEditorTextElement(translate("Rsgpt", "Picture"), page)
        element.setText(picture)
        element.setShowLabel(False)
        page.addChildElement(element)
    _add(layer, page, columns.present(table.names_in(ColumnGroup.SAID)))
    for answered in columns.questions:
        _add(layer, page, [name for name in (answered.name, answered.confidence, answered.model) if name])
    _add(layer, page, columns.present(table.names_in(ColumnGroup.STATE)))
    if columns.own:
        page.addChildElement(_group(layer, translate("Rsgpt", "Attributes of the feature"), columns.own))
    origin = _group(layer, translate("Rsgpt", "Provenance"), columns.present(table.names_in(ColumnGroup.PROVENANCE)))
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


def _confidences(columns: ResultColumns) -> list[tuple[str, str]]:
    """Return the columns of confidences with the expression whether the model's confidence no longer applies."""
    found = [(answered.confidence, is_marked(answered.name, CORRECTED)) for answered in columns.questions]
    return found + [(name, f"coalesce(attribute('{CORRECTED}'), '') <> ''") for name in columns.present([CONFIDENCE])]


def _describe_confidences(layer: QgsVectorLayer, columns: ResultColumns, config: QgsEditFormConfig) -> None:
    """Label the confidence of a corrected answer as that of the model before."""
    before = translate("Rsgpt", "{label}, before the answer was corrected")
    for name, is_corrected in _confidences(columns):
        label = layer.attributeAlias(layer.fields().lookupField(name))
        plain, marked_label = (QgsExpression.quotedString(text) for text in (label, before.format(label=label)))
        alias = QgsProperty.fromExpression(f"if({is_corrected}, {marked_label}, {plain})")
        properties = QgsPropertyCollection()
        properties.setProperty(QgsEditFormConfig.DataDefinedProperty.Alias, alias)
        config.setDataDefinedFieldProperties(name, properties)


def _protect(layer: QgsVectorLayer, columns: ResultColumns, config: QgsEditFormConfig) -> None:
    # Answers can be corrected; provenance cannot.
    fixed = columns.present([column.name for column in table.COLUMNS if not column.is_model_text])
    for answered in columns.questions:
        fixed += [name for name in (answered.confidence, answered.model) if name]
    for column in fixed:
        config.setReadOnly(layer.fields().lookupField(column), True)
