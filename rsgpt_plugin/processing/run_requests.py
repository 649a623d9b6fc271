"""What a run was asked for, kept so that it can be asked again when QGIS was closed. Runs nothing itself.

Layers are kept as QGIS's own layer definitions: source, CRS, filter and style, without the project. Parameters that
mean a layer become its id. Every function belongs to the main thread.
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


def keep(algorithm: QgsProcessingAlgorithm, parameters: Parameters, context: QgsProcessingContext) -> RunRequest:
    """Return what repeats the run."""
    layers: dict[str, QgsMapLayer] = {}
    kept = dict(algorithm.asMap(parameters, context)["inputs"])
    raster = algorithm.parameterAsRasterLayer(parameters, INPUT.name, context)
    if raster is not None:
        layers[raster.id()] = raster
        kept[INPUT.name] = raster.id()
    for name in _names(algorithm, FeaturesParameter):
        value = _named(parameters.get(name), context)
        layer = algorithm.parameterAsVectorLayer({name: value}, name, context) if value else None
        if layer is not None:
            layers[layer.id()] = layer
            kept[name] = _kept_source(parameters[name], layer)
    for name in _names(algorithm, ExtentParameter):
        if parameters.get(name):
            kept[name] = _kept_extent(algorithm, name, parameters, context)
    kept["OUTPUT"] = _kept_output(parameters.get("OUTPUT"))
    definitions = {layer_id: _definition(layer) for layer_id, layer in layers.items()}
    project = context.project().fileName() if context.project() is not None else ""
    title, source = (raster.name(), raster.source()) if raster is not None else ("", "")
    return RunRequest(
        algorithm.id(), without_secrets(title), _harmless(kept), definitions, project, without_secrets(source)
    )


def input_sources(
    algorithm: QgsProcessingAlgorithm, parameters: Parameters, context: QgsProcessingContext
) -> list[str]:
    """The sources of the vector layers that the run reads."""
    values = {name: _named(parameters.get(name), context) for name in _names(algorithm, FeaturesParameter)}
    layers = [algorithm.parameterAsVectorLayer({name: value}, name, context) for name, value in values.items() if value]
    return [layer.source() for layer in layers if layer is not None]


def restore(request: RunRequest, project: QgsProject, context: QgsProcessingContext) -> Parameters:
    """Return the parameters; layers that the project lacks are opened, and live in `context`.

    ImageryError where a layer is gone.
    """
    for layer_id, definition in request.layers.items():
        if project.mapLayer(layer_id) is None:
            context.temporaryLayerStore().addMapLayer(_opened(definition))
    return {name: restored(value) for name, value in request.parameters.items()}


def restored(kept: Any) -> Any:
    """A kept value as Processing takes it; what needed no other form to be kept stays as it is."""
    if isinstance(kept, Mapping) and "sides" in kept:
        crs = QgsCoordinateReferenceSystem.fromWkt(kept["crs"])
        return QgsReferencedRectangle(QgsRectangle(*kept["sides"]), crs)
    if isinstance(kept, Mapping) and "layer" in kept:
        return _source(kept)
    return kept


def _names(algorithm: QgsProcessingAlgorithm, kind: type[Parameter]) -> list[str]:
    return [parameter.name for parameter in parameters_of(algorithm.name()) if isinstance(parameter, kind)]


def _named(value: Any, context: QgsProcessingContext) -> Any:
    """What a source names, which QGIS does not look up by itself in a definition."""
    if isinstance(value, QgsProcessingFeatureSourceDefinition):
        return value.source.valueAsString(context.expressionContext())[0]
    return value


def _kept_extent(
    algorithm: QgsProcessingAlgorithm, name: str, parameters: Parameters, context: QgsProcessingContext
) -> Parameters:
    box = algorithm.parameterAsExtent(parameters, name, context)
    crs = algorithm.parameterAsExtentCrs(parameters, name, context)
    sides = [box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum()]
    return {"sides": sides, "crs": crs.toWkt(QgsCoordinateReferenceSystem.WktVariant.WKT_PREFERRED)}


def _kept_source(value: Any, layer: QgsVectorLayer) -> Parameters:
    """A selection does not outlive QGIS, so it is kept as the ids that it holds."""
    kept: Parameters = {"layer": layer.id(), "limit": -1, "filter": "", "ids": None}
    if isinstance(value, QgsProcessingFeatureSourceDefinition):
        kept["limit"], kept["filter"] = value.featureLimit, value.filterExpression
        if value.selectedFeaturesOnly:
            kept["ids"] = sorted(layer.selectedFeatureIds())
    return kept


def _source(kept: Mapping[str, Any]) -> QgsProcessingFeatureSourceDefinition:
    conditions = [f"({kept['filter']})"] if kept["filter"] else []
    if kept["ids"] is not None:
        conditions.append(f"$id IN ({', '.join(str(int(number)) for number in kept['ids'])})")
    source = QgsProcessingFeatureSourceDefinition(kept["layer"], False, kept["limit"])
    source.filterExpression = " AND ".join(conditions)
    return source


def _kept_output(value: Any) -> str:
    """The path, absolute; a temporary output stays one."""
    if isinstance(value, QgsProcessingOutputLayerDefinition):
        value = value.sink
    if isinstance(value, QgsProperty):
        value = value.staticValue()
    text = str(value or "")
    if not text or text in (QgsProcessing.TEMPORARY_OUTPUT, "memory:"):
        return QgsProcessing.TEMPORARY_OUTPUT
    return text if ":" in text else os.path.abspath(text)


def _harmless(value: Any) -> Any:
    """A kept value whose texts have no credentials in them."""
    if isinstance(value, Mapping):
        return {name: _harmless(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_harmless(part) for part in value]
    return without_secrets(value) if isinstance(value, str) else value


def _definition(layer: QgsMapLayer) -> str:
    """The layer without credentials: one that needs some can be used again as long as a project has it."""
    document = QgsLayerDefinition.exportLayerDefinitionLayers([layer], QgsReadWriteContext())
    _strip(document.documentElement())
    return document.toString(-1)


def _strip(element: QDomElement) -> None:
    """Take the credentials out of all texts and attributes of an element."""
    attributes = element.attributes()
    for index in range(attributes.count()):
        attribute = attributes.item(index).toAttr()
        attribute.setValue(without_secrets(attribute.value()))
    node = element.firstChild()
    while not node.isNull():
        if node.isText():
            node.setNodeValue(without_secrets(node.nodeValue()))
        elif node.isElement():
            _strip(node.toElement())
        node = node.nextSibling()


def _opened(definition: str) -> QgsMapLayer:
    """The layer of a definition, under its old id."""
    document = QDomDocument()
    document.setContent(definition)
    layers = QgsLayerDefinition.loadLayerDefinitionLayers(document, QgsReadWriteContext())
    if layers and layers[0].isValid() and layers[0].providerType() != "memory":
        return layers[0]
    name = layers[0].name() if layers else "?"
    sentence = translate(
        "Rsgpt",
        "The run cannot go on without the layer “{name}”, which is no longer where it was. Open the project with "
        "this layer, or put its file back, then go on.",
    )
    raise ImageryError(sentence.format(name=name))
