"""Conversion between the parameters of a run and the request that is saved to resume it after QGIS was closed.

Layers are saved as QGIS layer definitions with source, CRS, filter and style. Parameters with a layer become the id of
the layer. All functions must be called on the main thread.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsLayerDefinition,
    QgsMapLayer,
    QgsProcessing,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingFeatureSourceDefinition,
    QgsProcessingOutputLayerDefinition,
    QgsProject,
    QgsProperty,
    QgsReadWriteContext,
    QgsRectangle,
    QgsReferencedRectangle,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QCoreApplication
from qgis.PyQt.QtXml import QDomDocument, QDomElement

from ..core.run_store import RunRequest
from ..errors import ImageryError
from ..shared.files.addresses import without_secrets
from .parameter_kinds import ExtentParameter, FeaturesParameter, Parameter
from .parameters import INPUT, parameters_of

Parameters = dict[str, Any]

translate = QCoreApplication.translate


def run_request(algorithm: QgsProcessingAlgorithm, parameters: Parameters, context: QgsProcessingContext) -> RunRequest:
    """Return the request that can repeat the run. It contains no credentials."""
    layers: dict[str, QgsMapLayer] = {}
    saved = dict(algorithm.asMap(parameters, context)["inputs"])
    raster = algorithm.parameterAsRasterLayer(parameters, INPUT.name, context)
    if raster is not None:
        layers[raster.id()] = raster
        saved[INPUT.name] = raster.id()
    for name in _names(algorithm, FeaturesParameter):
        value = _layer_value(parameters.get(name), context)
        layer = algorithm.parameterAsVectorLayer({name: value}, name, context) if value else None
        if layer is not None:
            layers[layer.id()] = layer
            saved[name] = _saved_source(parameters[name], layer)
    for name in _names(algorithm, ExtentParameter):
        if parameters.get(name):
            saved[name] = _saved_extent(algorithm, name, parameters, context)
    saved["OUTPUT"] = _saved_output(parameters.get("OUTPUT"))
    definitions = {layer_id: _definition(layer) for layer_id, layer in layers.items()}
    project = context.project().fileName() if context.project() is not None else ""
    title, source = (raster.name(), raster.source()) if raster is not None else ("", "")
    return RunRequest(
        algorithm.id(),
        without_secrets(title),
        _without_credentials(saved),
        definitions,
        project,
        without_secrets(source),
    )


def input_sources(
    algorithm: QgsProcessingAlgorithm, parameters: Parameters, context: QgsProcessingContext
) -> list[str]:
    """Return the sources of the vector layers that the run reads."""
    values = {name: _layer_value(parameters.get(name), context) for name in _names(algorithm, FeaturesParameter)}
    layers = [algorithm.parameterAsVectorLayer({name: value}, name, context) for name, value in values.items() if value]
    return [layer.source() for layer in layers if layer is not None]


def restore(request: RunRequest, project: QgsProject, context: QgsProcessingContext) -> Parameters:
    """Return the parameters of a saved request. Layers that are not in the project are loaded into `context`.

    Raises ImageryError if a layer is missing.
    """
    for layer_id, definition in request.layers.items():
        if project.mapLayer(layer_id) is None:
            context.temporaryLayerStore().addMapLayer(_load_layer(definition))
    return {name: restored_value(value) for name, value in request.parameters.items()}


def restored_value(saved: Any) -> Any:
    """Return the Processing value of a saved extent or feature source, and any other value unchanged."""
    if isinstance(saved, Mapping) and "sides" in saved:
        crs = QgsCoordinateReferenceSystem.fromWkt(saved["crs"])
        return QgsReferencedRectangle(QgsRectangle(*saved["sides"]), crs)
    if isinstance(saved, Mapping) and "layer" in saved:
        return _source(saved)
    return saved


def _names(algorithm: QgsProcessingAlgorithm, kind: type[Parameter]) -> list[str]:
    return [parameter.name for parameter in parameters_of(algorithm.name()) if isinstance(parameter, kind)]


def _layer_value(value: Any, context: QgsProcessingContext) -> Any:
    """Return the layer in a feature source definition, which parameterAsVectorLayer does not support."""
    if isinstance(value, QgsProcessingFeatureSourceDefinition):
        return value.source.valueAsString(context.expressionContext())[0]
    return value


def _saved_extent(
    algorithm: QgsProcessingAlgorithm, name: str, parameters: Parameters, context: QgsProcessingContext
) -> Parameters:
    box = algorithm.parameterAsExtent(parameters, name, context)
    crs = algorithm.parameterAsExtentCrs(parameters, name, context)
    sides = [box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum()]
    return {"sides": sides, "crs": crs.toWkt(QgsCoordinateReferenceSystem.WktVariant.WKT_PREFERRED)}


def _saved_source(value: Any, layer: QgsVectorLayer) -> Parameters:
    """Return the source as JSON. A selection is saved as feature ids, because it is lost when QGIS closes."""
    saved: Parameters = {"layer": layer.id(), "limit": -1, "filter": "", "ids": None}
    if isinstance(value, QgsProcessingFeatureSourceDefinition):
        saved["limit"], saved["filter"] = value.featureLimit, value.filterExpression
        if value.selectedFeaturesOnly:
            saved["ids"] = sorted(layer.selectedFeatureIds())
    return saved


def _source(saved: Mapping[str, Any]) -> QgsProcessingFeatureSourceDefinition:
    conditions = [f"({saved['filter']})"] if saved["filter"] else []
    if saved["ids"] is not None:
        conditions.append(f"$id IN ({', '.join(str(int(number)) for number in saved['ids'])})")
    source = QgsProcessingFeatureSourceDefinition(saved["layer"], False, saved["limit"])
    source.filterExpression = " AND ".join(conditions)
    return source


def _saved_output(value: Any) -> str:
    """Return the absolute path or URI of the output, or TEMPORARY_OUTPUT."""
    if isinstance(value, QgsProcessingOutputLayerDefinition):
        value = value.sink
    if isinstance(value, QgsProperty):
        value = value.staticValue()
    text = str(value or "")
    if not text or text in (QgsProcessing.TEMPORARY_OUTPUT, "memory:"):
        return QgsProcessing.TEMPORARY_OUTPUT
    return text if ":" in text else os.path.abspath(text)


def _without_credentials(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _without_credentials(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_credentials(part) for part in value]
    return without_secrets(value) if isinstance(value, str) else value


def _definition(layer: QgsMapLayer) -> str:
    """Return the layer definition without credentials; a layer that needs them must come from the project."""
    document = QgsLayerDefinition.exportLayerDefinitionLayers([layer], QgsReadWriteContext())
    _remove_credentials(document.documentElement())
    return document.toString(-1)


def _remove_credentials(element: QDomElement) -> None:
    attributes = element.attributes()
    for index in range(attributes.count()):
        attribute = attributes.item(index).toAttr()
        attribute.setValue(without_secrets(attribute.value()))
    node = element.firstChild()
    while not node.isNull():
        if node.isText():
            node.setNodeValue(without_secrets(node.nodeValue()))
        elif node.isElement():
            _remove_credentials(node.toElement())
        node = node.nextSibling()


def _load_layer(definition: str) -> QgsMapLayer:
    """Return the layer of a definition, with its original id. Raises ImageryError if it cannot be loaded."""
    document = QDomDocument()
    document.setContent(definition)
    layers = QgsLayerDefinition.loadLayerDefinitionLayers(document, QgsReadWriteContext())
    if layers and layers[0].isValid() and layers[0].providerType() != "memory":
        return layers[0]
    name = layers[0].name() if layers else "?"
    message = translate(
        "Rsgpt",
        "The run cannot be resumed without the layer “{name}”, which is no longer at its location. Open the project "
        "with this layer or restore its file, then resume the run.",
    )
    raise ImageryError(message.format(name=name))
