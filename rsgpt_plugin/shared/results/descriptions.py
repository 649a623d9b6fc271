"""Texts for people about results: the name of a results layer, and the description of its run."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone

from ..files.addresses import without_secrets
from ..i18n import translate


def answers_name(layer: str) -> str:
    """Return the name of a layer with answers about the layer of this name."""
    return translate("Rsgpt", "{layer}: answers").format(layer=layer)


def objects_name(layer: str, objects: Mapping[str, int]) -> str:
    """Return the name of a layer with objects found in the layer of this name. objects: their number by label."""
    return f"{layer}: {counts_by_object(objects)}"


def counts_by_object(objects: Mapping[str, int]) -> str:
    """Return `airplane: 6, car: 24`, without the objects that were not found."""
    counts = [f"{label}: {count:,}" for label, count in objects.items() if count]
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
