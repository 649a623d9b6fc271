"""A raster's samples through rasterio: which bands, what is valid, from a file or an address. Knows no stretch."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import rasterio
from rasterio.enums import ColorInterp, Resampling
from rasterio.errors import RasterioError
from rasterio.windows import Window as RasterioWindow

from ..errors import ImageError
from .grid import Frame, Window
from .stretch import Pixels

# Tiles come row by row: a row of a file's blocks has to stay, or each block is decoded for every tile that meets it.
_CACHE = 256 << 20  # bytes
_REMOTE = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "VSI_CACHE": True,
    "GDAL_HTTP_MAX_RETRY": 5,
    "GDAL_HTTP_CONNECTTIMEOUT": 30,  # seconds; a server that sends less than a byte a second for a minute is given up
    "GDAL_HTTP_LOW_SPEED_LIMIT": 1,
    "GDAL_HTTP_LOW_SPEED_TIME": 60,
}
_RGB = (ColorInterp.red, ColorInterp.green, ColorInterp.blue)


@dataclass(frozen=True)
class Bands:
    """numbers: one band (grey) or three (red, green, blue), from 1. alpha: the band that hides, or 0."""

    numbers: tuple[int, ...]
    alpha: int = 0

    def describe(self) -> str:
        """For the `bands` column."""
        return ",".join(str(number) for number in self.numbers)


class Raster:
    """An open raster; belongs to the thread that opened it. ImageError where it cannot be opened or read."""

    def __init__(self, source: str) -> None:
        self.source = source
        with ExitStack() as stack:
            remote = _REMOTE if is_remote(source) else {}
            stack.enter_context(rasterio.Env(GDAL_CACHEMAX=_CACHE, **remote))
            try:
                self._dataset = stack.enter_context(rasterio.open(source))
            except RasterioError as error:
                raise ImageError(f"{source} cannot be opened as a raster ({error}). Check its path.") from error
            self._open = stack.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @property
    def frame(self) -> Frame:
        """The raster's own pixel grid."""
        return Frame(self._dataset.transform.to_gdal(), self._dataset.width, self._dataset.height)

    @property
    def files(self) -> list[str]:
        """All that it is made of: its own file, what it refers to, overviews, masks and notes beside it."""
        return list(self._dataset.files)

    @property
    def crs_wkt(self) -> str:
        """Its coordinate system; ImageError where it has none."""
        if not self._dataset.crs:
            raise ImageError(f"{self.source} has no coordinate system. Give it one (gdal_edit -a_srs), then run again.")
        return str(self._dataset.crs.to_wkt())

    def choose(self, asked: tuple[int, ...]) -> Bands:
        """The bands asked for; else by colour meaning; else the first three, or the first of two."""
        meanings = self._dataset.colorinterp
        if meanings[0] == ColorInterp.palette:
            raise ImageError(
                f"{self.source} is drawn through a palette. Turn it into colours (gdal_translate -expand rgb)."
            )
        alpha = meanings.index(ColorInterp.alpha) + 1 if ColorInterp.alpha in meanings else 0
        if asked:
            return Bands(self._checked(asked), alpha)
        colours = [number for number in self._dataset.indexes if number != alpha]
        if not colours:
            raise ImageError(f"{self.source} has no band that can be shown. Choose another raster.")
        if len(colours) < 3:
            return Bands((colours[0],), alpha)
        meant = tuple(meanings.index(colour) + 1 for colour in _RGB if colour in meanings)
        return Bands(meant if len(meant) == 3 else tuple(colours[:3]), alpha)

    def read(self, bands: Bands, window: Window, size: tuple[int, int]) -> Pixels:
        """A window of the raster at `size` (width, height); where that is smaller, averaged, from overviews."""
        place: dict[str, Any] = {
            "window": RasterioWindow(window.x, window.y, window.width, window.height),
            "out_shape": (len(bands.numbers), size[1], size[0]),
        }
        try:
            values = self._dataset.read(bands.numbers, resampling=Resampling.average, **place)
            shown = self._dataset.read_masks(bands.numbers, **place) > 0
            if bands.alpha:
                shown &= self._dataset.read(bands.alpha, window=place["window"], out_shape=size[::-1]) > 0
        except RasterioError as error:
            cause = error.__cause__ or error
            raise ImageError(f"The pixels cannot be read ({cause}). Check that the raster is whole.") from error
        if np.iscomplexobj(values):
            raise ImageError(f"{self.source} holds complex numbers, which are no picture. Choose another raster.")
        return values, _valid(values, shown)

    def _checked(self, asked: tuple[int, ...]) -> tuple[int, ...]:
        if len(asked) not in (1, 3) or not set(asked) <= set(self._dataset.indexes):
            raise ImageError(f"{self.source} has bands 1 to {self._dataset.count}. Choose one (grey) or three of them.")
        return asked


def is_remote(source: str) -> bool:
    """Whether a raster is read over a network, and has no date that could be looked at."""
    return "://" in source or source.startswith("/vsi")


def _valid(values: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """Where a pixel is valid. In 8 bits no data is often a colour too, so there all bands must say so."""
    valid = np.asarray(shown.any(axis=0) if values.dtype == np.uint8 else shown.all(axis=0))
    return valid & np.isfinite(values).all(axis=0) if values.dtype.kind == "f" else valid
