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
from rsgpt_plugin.shared.objects.collecting import FoundObject, ObjectCollector, WindowOrigin
from rsgpt_plugin.shared.objects.found_points import FoundPoint
from rsgpt_plugin.shared.objects.found_text import read_found
from rsgpt_plugin.shared.results.columns import object_columns

from ... import __version__
from ..journal import TileResult
from ..tile_rows import arrow_type
from .search_plan import SearchedRaster

MOSAIC_HINT = (
    "Each raster was searched by itself: an object in several rasters has a row for each. To count each object once, "
    "search a mosaic of them, as `gdalbuildvrt` makes it."
)


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
    overlapping_rasters: rasters that cover a part of another one.
    """

    windows: int = 0
    searched: int = 0
    skipped: int = 0
    failed: int = 0
    cached: int = 0
    objects: dict[str, int] = field(default_factory=dict)
    overlapping_rasters: int = 0
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """Return all counts by name."""
        return asdict(self)

    def text(self) -> str:
        """Return the counts as a sentence."""
        found = ", ".join(f"{label} {count}" for label, count in self.objects.items())
        text = (
            f"Found: {found}. {self.windows} windows: {self.searched} searched, {self.skipped} skipped, {self.failed} "
            f"failed; {self.cached} were already searched."
        )
        if not self.overlapping_rasters:
            return text
        return f"{text} {self.overlapping_rasters} rasters overlap. {MOSAIC_HINT}"


class RasterObjects:
    """Collects the results of a raster's windows, and returns the rows of its objects."""

    def __init__(self, raster: SearchedRaster, asking: ObjectSearch) -> None:
        self._raster, self._asking = raster, asking
        self._objects = ObjectCollector(raster.grid, asking.labels, asking.least_confidence)

    def add(self, result: TileResult, text: str, asked_at: str) -> None:
        """Add a window. text: the answer of a WindowFinder."""
        origin = WindowOrigin(result.image_sha256, result.gsd_m, asked_at)
        self._objects.add(result.tile, read_found(text), origin)

    def batches(self) -> Iterator[tuple[np.ndarray, list[dict[str, Any]]]]:
        """Yield geometries in the raster's CRS with their rows."""
        for page in self._objects.pages(self._objects.merged(self._raster.inside_mask)):
            yield self._geometries([found.point for found in page]), [self._row(found) for found in page]

    def _geometries(self, points: Sequence[FoundPoint]) -> np.ndarray:
        frame = self._raster.plan.frame
        if self._asking.is_boxed:
            return frame.boxes([point.box for point in points])
        return frame.points([(point.x, point.y) for point in points])

    def _row(self, found: FoundObject) -> dict[str, Any]:
        asked_at = datetime.fromisoformat(found.origin.asked_at)
        return {**self._common, **found.values(), "asked_at": asked_at}

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
