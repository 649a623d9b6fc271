"""Detection of results layers, and the record of the run that wrote them."""

from __future__ import annotations

import json

from qgis.core import QgsMapLayer, QgsVectorLayer

from ...core.run_store import RunRequest
from .column_roles import result_columns

_RUN = "rsgpt/run"
_MARKS = {"status", "image_sha256", "prompt"}


def is_results(layer: QgsMapLayer | None) -> bool:
    """Whether a layer has the columns of a results layer, in any file format."""
    if not isinstance(layer, QgsVectorLayer) or not layer.isValid():
        return False
    return result_columns(layer).known.keys() >= _MARKS


def has_style(layer: QgsMapLayer | None) -> bool:
    """Whether there is a style for the layer: it holds results, or found objects."""
    if is_results(layer):
        return True
    return isinstance(layer, QgsVectorLayer) and layer.isValid() and result_columns(layer).holds_objects


def record_run(layer: QgsVectorLayer, run: RunRequest) -> None:
    """Store the request of the run in the layer's custom properties, which the project saves."""
    record = {"algorithm": run.algorithm, "title": run.title, "parameters": dict(run.parameters), "source": run.source}
    layer.setCustomProperty(_RUN, json.dumps(record))


def describe_layer(layer: QgsVectorLayer, description: str) -> None:
    """Set the abstract of the layer in the project."""
    metadata = layer.metadata()
    metadata.setAbstract(description)
    layer.setMetadata(metadata)


def recorded_run(layer: QgsVectorLayer) -> RunRequest | None:
    """Return the request of the run that wrote the layer; None if it is unknown, as for a file opened later."""
    text = layer.customProperty(_RUN)
    if not isinstance(text, str):
        return None
    try:
        record = json.loads(text)
        source = str(record.get("source", ""))
        title = str(record.get("title", ""))
        return RunRequest(str(record["algorithm"]), title, dict(record["parameters"]), source=source)
    except (ValueError, KeyError, TypeError):
        return None
