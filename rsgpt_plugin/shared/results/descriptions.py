"""Texts for people about results: the name of a results layer, and the description of its run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from itertools import takewhile
from typing import Optional

from ..files.addresses import without_secrets
from ..i18n import translate

_NUMBER = r"(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)"
_EXTENT = re.compile(rf"(?<![\w.,-]){_NUMBER},{_NUMBER},{_NUMBER},{_NUMBER}(?: \[([^\]\n]+)\])?\Z")


@dataclass(frozen=True)
class SearchedExtent:
    """The searched part of a raster. sides: left, right, bottom, top. crs: such as EPSG:4326, "" if it has no name."""

    sides: tuple[float, float, float, float]
    crs: str

    def describe(self) -> str:
        """Return a line for the end of a description, with the extent as QGIS writes it."""
        numbers = ",".join(f"{side:.10g}" for side in self.sides)
        extent = f"{numbers} [{self.crs}]" if self.crs else numbers
        return translate("Rsgpt", "Searched extent: {extent}").format(extent=extent)


def searched_extents(description: str) -> tuple[SearchedExtent, ...]:
    """Return the extents in the last lines of a description, in any language: one per raster."""
    ends = map(_extent_in, reversed(description.splitlines()))
    stated = [extent for extent in takewhile(lambda extent: extent is not None, ends) if extent is not None]
    return tuple(reversed(stated))


def _extent_in(line: str) -> Optional[SearchedExtent]:
    found = _EXTENT.search(line)
    if found is None:
        return None
    left, right, bottom, top = map(float, found.groups()[:4])
    return SearchedExtent((left, right, bottom, top), found.group(5) or "")


def answers_name(layer: str) -> str:
    """Return the name of a layer with answers about the layer of this name."""
    return translate("Rsgpt", "{layer}: answers").format(layer=layer)


def objects_name(layer: str, objects: Mapping[str, int]) -> str:
    """Return the name of a layer with objects found in the layer of this name. objects: their number by label."""
    return f"{layer}: {counts_by_object(objects)}"


def counts_by_object(objects: Mapping[str, int]) -> str:
    """Return `airplane 6, car 24`, without the objects that were not found."""
    counts = [f"{label} {count:,}" for label, count in objects.items() if count]
    return ", ".join(counts) or translate("Rsgpt", "nothing found")


def describe_run(version: str, raster: str, model: str, prompts: str) -> str:
    """Return the description that is stored with the results of a run, without credentials.

    version: of the plugin. raster: its name, without folders. prompts: one per line.
    """
    text = translate(
        "Rsgpt",
        "Written by RSGPT for QGIS {version} on {date}\nRaster: {raster}\nModel: {model}\nPrompts:\n{prompts}",
    )
    date = datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    return text.format(version=version, date=date, raster=without_secrets(raster), model=model, prompts=prompts)
