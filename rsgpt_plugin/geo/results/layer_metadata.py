"""What makes a vector layer one of results, and how it came about. Asks nothing and draws nothing."""

from __future__ import annotations

import json

from qgis.core import QgsMapLayer, QgsVectorLayer

from ...core.run_store import RunRequest
from .column_roles import result_columns

_RUN = "rsgpt/run"
_MARKS = {"status", "image_sha256", "prompt"}


def is_results(layer: QgsMapLayer | None) -> bool:
    """Whether a layer has the columns that every result has, whichever format it was written in."""
    if not isinstance(layer, QgsVectorLayer) or not layer.isValid():
        return False
    return result_columns(layer).known.keys() >= _MARKS


def record_run(layer: QgsVectorLayer, run: RunRequest) -> None:
    """Keep with the layer, in the project, what it came from."""
    kept = {"algorithm": run.algorithm, "title": run.title, "parameters": dict(run.parameters), "source": run.source}
    layer.setCustomProperty(_RUN, json.dumps(kept))


def recorded_run(layer: QgsVectorLayer) -> RunRequest | None:
    """What the layer came from; None where that is not known, as in a file that was opened later."""
    text = layer.customProperty(_RUN)
    if not isinstance(text, str):
        return None
    try:
        kept = json.loads(text)
        source = str(kept.get("source", ""))
        return RunRequest(str(kept["algorithm"]), str(kept.get("title", "")), dict(kept["parameters"]), source=source)
    except (ValueError, KeyError, TypeError):
        return None
