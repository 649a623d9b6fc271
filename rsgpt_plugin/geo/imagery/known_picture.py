"""A picture of the demo raster with known content, to test whether a model sees pictures."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from osgeo import gdal

from ...core.paths import plugin_root
from ...errors import ImageryError
from ...shared.i18n import translate
from .picture import Picture

_FOLDER = plugin_root() / "resources" / "demo"
_SIDE = 256
_ROW, _COLUMN = 0, 0


@dataclass(frozen=True)
class KnownPicture:
    """A picture and its scene in one English word."""

    picture: Picture
    scene: str


def known_picture(folder: Path = _FOLDER) -> KnownPicture:
    """Read the picture from the demo folder. Raises ImageryError if the demo raster is missing or damaged."""
    try:
        truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
        scene = next(str(tile["scene"]) for tile in truth if (tile["row"], tile["column"]) == (_ROW, _COLUMN))
        dataset = gdal.Open(str(folder / "scenes.tif"))
        bands = dataset.ReadAsArray(_COLUMN * _SIDE, _ROW * _SIDE, _SIDE, _SIDE)
        rgb = np.ascontiguousarray(np.moveaxis(bands, 0, -1)[..., :3])
    except (OSError, ValueError, KeyError, RuntimeError, AttributeError, StopIteration) as error:
        message = translate("Rsgpt", "The plugin's demo raster cannot be read ({error}). Install the plugin again.")
        raise ImageryError(message.format(error=error)) from error
    valid = np.ones(rgb.shape[:2], dtype=bool)
    return KnownPicture(Picture(rgb, valid, (0.0, 0.0, 1.0, 1.0), "", 0.3, "1,2,3", "none"), scene)
