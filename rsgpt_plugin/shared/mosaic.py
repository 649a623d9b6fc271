"""Missing source files of a virtual raster (VRT), also through nested ones. Reads XML, not pixels.

GDAL reports a missing source once and returns zeros from then on, which look like valid black pixels.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from .errors import ImageError
from .i18n import translate
from .tiles import Window

_DEEPEST = 8
_LARGEST = 256 << 20  # bytes of a VRT; it is read only after GDAL has opened it
_WHOLE = (float("-inf"), float("-inf"), float("inf"), float("inf"))

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class MissingPart:
    """A source file that is not there, and the box of pixels (left, top, right, bottom) that it should fill."""

    file: Path
    box: Box

    def check(self, window: Window) -> None:
        """ImageError where the window needs the file."""
        left, top, right, bottom = self.box
        is_across = window.x < right and window.x + window.width > left
        if is_across and window.y < bottom and window.y + window.height > top:
            sentence = translate("Rsgpt", "A part of the mosaic is missing: {file}. Put it back, then run again.")
            raise ImageError(sentence.format(file=self.file))


def missing_parts(path: str) -> list[MissingPart]:
    """What is missing of the virtual raster at `path`; nothing where it is no local VRT, or cannot be parsed."""
    return list(dict.fromkeys(_missing(Path(path), 0))) if path.lower().endswith(".vrt") else []


def _missing(vrt: Path, depth: int) -> Iterator[MissingPart]:
    try:
        if depth > _DEEPEST or vrt.stat().st_size > _LARGEST:
            return
        root = ElementTree.parse(vrt).getroot()
    except (OSError, ElementTree.ParseError):
        return
    for parent in root.iter():
        name = parent.find("SourceFilename")
        source = _local(vrt, name) if name is not None else None
        if source is not None:
            yield from _of_source(parent, source, depth)


def _of_source(element: ElementTree.Element, source: Path, depth: int) -> Iterator[MissingPart]:
    inner, outer = _box(element.find("SrcRect")), _box(element.find("DstRect"))
    if not source.exists():
        yield MissingPart(source, outer)
    elif source.suffix.lower() == ".vrt":
        for part in _missing(source, depth + 1):
            box = _moved(part.box, inner, outer)
            if box[0] < box[2] and box[1] < box[3]:
                yield MissingPart(part.file, box)


def _local(vrt: Path, name: ElementTree.Element) -> Path | None:
    """The file that a source names; None for addresses, subdatasets and the like, which GDAL alone understands."""
    text = (name.text or "").strip()
    if not text or text.startswith(("/vsi", "<")) or ":" in text[2:]:  # a drive's letter is no scheme
        return None
    return vrt.parent / text if name.get("relativeToVRT") == "1" else Path(text)


def _box(element: ElementTree.Element | None) -> Box:
    if element is None:
        return _WHOLE
    x, y, width, height = (float(element.get(name, "0")) for name in ("xOff", "yOff", "xSize", "ySize"))
    return x, y, x + width, y + height


def _moved(box: Box, inner: Box, outer: Box) -> Box:
    """A box of a source's pixels, cut to what is used of them, in the pixels of the virtual raster."""
    if _WHOLE in (inner, outer):
        return outer
    cut = max(box[0], inner[0]), max(box[1], inner[1]), min(box[2], inner[2]), min(box[3], inner[3])
    across = (outer[2] - outer[0]) / max(inner[2] - inner[0], 1e-9)
    down = (outer[3] - outer[1]) / max(inner[3] - inner[1], 1e-9)
    x, y = outer[0] - inner[0] * across, outer[1] - inner[1] * down
    return x + cut[0] * across, y + cut[1] * down, x + cut[2] * across, y + cut[3] * down
