"""From the found objects of windows to rows, one per object."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from rsgpt_plugin.shared.files.addresses import without_secrets
from rsgpt_plugin.shared.objects.found_points import FoundPoint
from rsgpt_plugin.shared.objects.found_text import read_found
from rsgpt_plugin.shared.objects.merging import ObjectMerger
from rsgpt_plugin.shared.results.columns import CONFIDENCE, OBJECT, SEARCH_WINDOW, object_columns

from ... import __version__
from ..journal import TileResult
from ..tile_rows import arrow_type
from .search_plan import SearchedRaster

_ROWS = 4096  # at once


@dataclass(frozen=True)
class ObjectSearch:
    """What is searched for, and the model. labels: the finder's names of the objects.

    least_confidence: objects below it are left out, 0 to 1. is_boxed: write boxes instead of points.
    """

    model: str
    weights_sha256: str
    labels: tuple[str, ...]
    least_confidence: float = 0.0
    is_boxed: bool = False
    fingerprint: str = ""

    def describe(self) -> str:
        """Return what is searched for, one object per line."""
        return "\n".join(self.labels)

    @cached_property
    def schema(self) -> pa.Schema:
        """Name, confidence, and window of an object, then provenance."""
        return pa.schema([(column.name, arrow_type(column.type)) for column in object_columns()])


@dataclass
class FoundObjectCounts:
    """Number of windows by outcome, and of the objects of each kind. windows: total to search.

    cached: windows that an earlier run has searched, or that have the same picture as another one.
    """

    windows: int = 0
    searched: int = 0
    skipped: int = 0
    failed: int = 0
    cached: int = 0
    objects: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """Return all counts by name."""
        return asdict(self)

    def text(self) -> str:
        """Return the counts as a sentence."""
        found = ", ".join(f"{label} {count}" for label, count in self.objects.items())
        return (
            f"Found: {found}. {self.windows} windows: {self.searched} searched, {self.skipped} skipped, {self.failed} "
            f"failed; {self.cached} were already searched."
        )


class RasterObjects:
    """Collects the results of a raster's windows, and returns the rows of its objects."""

    def __init__(self, raster: SearchedRaster, asking: ObjectSearch) -> None:
        self._raster, self._asking = raster, asking
        self._mergers = {label: ObjectMerger(raster.grid) for label in asking.labels}
        self._provenance: dict[int, tuple[str, float | None, str]] = {}

    def add(self, result: TileResult, text: str, asked_at: str) -> None:
        """Add a window. text: the answer of a WindowFinder."""
        found = read_found(text)
        for label, merger in self._mergers.items():
            points = found.points.get(label, ())
            merger.add(result.tile, points, found.width)
            if points:
                self._provenance[result.tile] = result.image_sha256, result.gsd_m, asked_at

    def batches(self) -> Iterator[tuple[np.ndarray, list[dict[str, Any]]]]:
        """Yield geometries in the raster's CRS with their rows."""
        for label, merger in self._mergers.items():
            merged = merger.merged(self._asking.least_confidence)
            for start in range(0, len(merged), _ROWS):
                found = merger.found_objects(merged[start : start + _ROWS])
                inside = self._raster.inside_mask([point for _, point in found])
                part = [one for one, is_inside in zip(found, inside, strict=True) if is_inside]
                if part:
                    yield self._geometries([point for _, point in part]), [self._row(label, *one) for one in part]

    def _geometries(self, points: Sequence[FoundPoint]) -> np.ndarray:
        frame = self._raster.plan.frame
        if self._asking.is_boxed:
            return frame.boxes([point.box for point in points])
        return frame.points([(point.x, point.y) for point in points])

    def _row(self, label: str, number: int, point: FoundPoint) -> dict[str, Any]:
        image_sha256, gsd_m, asked_at = self._provenance[number]
        return {
            **self._common,
            OBJECT: label,
            CONFIDENCE: round(point.confidence, 6),
            SEARCH_WINDOW: number,
            "image_sha256": image_sha256,
            "gsd_m": gsd_m,
            "asked_at": datetime.fromisoformat(asked_at),
        }

    @cached_property
    def _common(self) -> dict[str, Any]:
        plan, asking = self._raster.plan, self._asking
        return {
            "model": asking.model,
            "weights_sha256": asking.weights_sha256,
            "model_fingerprint": asking.fingerprint,
            "prompt": asking.describe(),
            "bands": plan.bands.describe(),
            "stretch": plan.stretch.describe(plan.bands.numbers),
            "plugin_version": __version__,
            "raster": without_secrets(plan.source),
        }
