"""Texts for people about results: the name of a results layer, and the description of its run."""

from __future__ import annotations

from datetime import datetime, timezone

from ..files.addresses import without_secrets
from ..i18n import translate


def answers_name(layer: str) -> str:
    """Return the name of a layer with answers about the layer of this name."""
    return translate("Rsgpt", "{layer}: answers").format(layer=layer)


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
