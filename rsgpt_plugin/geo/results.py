"""What makes a vector layer one of results, and how it came about. Asks nothing and draws nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from qgis.core import QgsMapLayer, QgsVectorLayer

from .columns import result_columns

_RUN = "rsgpt/run"
_MARKS = {"status", "image_sha256", "prompt"}


@dataclass(frozen=True)
class RunRecord:
    """What a layer came from. algorithm: its id. parameters: as Processing takes them, rasters by layer id.

    source: of the raster, to find it again where its layer has gone; empty where unknown.
    """

    algorithm: str
    parameters: Mapping[str, Any]
    source: str = ""


def is_results(layer: QgsMapLayer | None) -> bool:
    """Whether a layer has the columns that every result has, whichever format it was written in."""
    if not isinstance(layer, QgsVectorLayer) or not layer.isValid():
        return False
    return result_columns(layer).known.keys() >= _MARKS


def record_run(layer: QgsVectorLayer, run: RunRecord) -> None:
    """Keep with the layer, in the project, what it came from."""
    kept = {"algorithm": run.algorithm, "parameters": dict(run.parameters), "source": run.source}
    layer.setCustomProperty(_RUN, json.dumps(kept))


def recorded_run(layer: QgsVectorLayer) -> RunRecord | None:
    """What the layer came from; None where that is not known, as in a file that was opened later."""
    text = layer.customProperty(_RUN)
    if not isinstance(text, str):
        return None
    try:
        kept = json.loads(text)
        return RunRecord(str(kept["algorithm"]), dict(kept["parameters"]), str(kept.get("source", "")))
    except (ValueError, KeyError, TypeError):
        return None
