"""Detection of missing or damaged source files of virtual rasters (VRT), including nested ones.

GDAL reports such a source once and then returns zeros, which look like valid black pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree  # nosec B405 - see its use

import numpy as np

from ..errors import ImageError
from ..i18n import translate
from .tiles import Window

_MAX_DEPTH = 8
_MAX_BYTES = 256 << 20  # of a VRT, which is read only after GDAL has opened it
_EVERYTHING = (float("-inf"), float("-inf"), float("inf"), float("inf"))

Box = tuple[float, float, float, float]  # left, top, right, bottom in pixels
Part = tuple[Path, Box]


class VrtSources:
    """Source files of a local VRT with their boxes in its pixels; empty for other rasters. Not thread-safe."""

    def __init__(self, path: str, can_open: Callable[[str], bool]) -> None:
        """can_open: checks whether a file is a raster. Called once per file, when its pixels are first needed."""
        parts = list(dict.fromkeys(_parts(Path(path), 0))) if path.lower().endswith(".vrt") else []
        self._files = [file for file, _ in parts]
        self._boxes = np.array([box for _, box in parts], np.float64).reshape(-1, 4)
        self._can_open = can_open
        self._checked: dict[Path, bool] = {}

    def check(self, window: Window) -> None:
        """Raise ImageError if the window needs a file that cannot be opened."""
        left, top, right, bottom = self._boxes.T
        across = (left < window.x + window.width) & (right > window.x)
        for number in np.flatnonzero(across & (top < window.y + window.height) & (bottom > window.y)):
            if not self._is_good(self._files[number]):
                sentence = translate(
                    "Rsgpt", "A part of the mosaic is missing: {file}. Restore the file, then run again."
                )
                raise ImageError(sentence.format(file=self._files[number]))

    def _is_good(self, file: Path) -> bool:
        if file not in self._checked:
            self._checked[file] = file.exists() and self._can_open(str(file))
        return self._checked[file]


def _parts(vrt: Path, depth: int) -> Iterator[Part]:
    """Yield the source files that are missing or not VRTs themselves."""
    try:
        if depth > _MAX_DEPTH or vrt.stat().st_size > _MAX_BYTES:
            return
        root = ElementTree.parse(vrt).getroot()  # nosec B314 - a user's own file, which GDAL has already parsed
    except (OSError, ElementTree.ParseError):
        return
    for parent in root.iter():
        name = parent.find("SourceFilename")
        source = _local(vrt, name) if name is not None else None
        if source is not None:
            yield from _of_source(parent, source, depth)


def _of_source(element: ElementTree.Element, source: Path, depth: int) -> Iterator[Part]:
    inner, outer = _box(element.find("SrcRect")), _box(element.find("DstRect"))
    if source.suffix.lower() != ".vrt" or not source.exists():
        yield source, outer
        return
    for file, box in _parts(source, depth + 1):
        moved = _moved(box, inner, outer)
        if moved[0] < moved[2] and moved[1] < moved[3]:
            yield file, moved


def _local(vrt: Path, name: ElementTree.Element) -> Path | None:
    """Return the file of a source; None for URLs, subdatasets and other names that only GDAL understands."""
    text = (name.text or "").strip()
    if not text or text.startswith(("/vsi", "<")) or ":" in text[2:]:  # skips a drive letter
        return None
    return vrt.parent / text if name.get("relativeToVRT") == "1" else Path(text)


def _box(element: ElementTree.Element | None) -> Box:
    if element is None:
        return _EVERYTHING
    x, y, width, height = (float(element.get(name, "0")) for name in ("xOff", "yOff", "xSize", "ySize"))
    return x, y, x + width, y + height


def _moved(box: Box, inner: Box, outer: Box) -> Box:
    """Return the used part (`inner`) of a box of source pixels in pixels of the virtual raster (`outer`)."""
    if _EVERYTHING in (inner, outer):
        return outer
    cut = max(box[0], inner[0]), max(box[1], inner[1]), min(box[2], inner[2]), min(box[3], inner[3])
    across = (outer[2] - outer[0]) / max(inner[2] - inner[0], 1e-9)
    down = (outer[3] - outer[1]) / max(inner[3] - inner[1], 1e-9)
    x, y = outer[0] - inner[0] * across, outer[1] - inner[1] * down
    return x + cut[0] * across, y + cut[1] * down, x + cut[2] * across, y + cut[3] * down
