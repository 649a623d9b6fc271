"""Local files of data sources, and detection of outputs that would overwrite them."""

from __future__ import annotations

import html
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Optional
from urllib.parse import unquote

_MEMBER = re.compile(
    r"<(?P<tag>SourceFilename|SourceDataset|SrcDataSource)(?P<attributes>[^>]*)>(?P<name>[^<]+)</(?P=tag)>"
)
_RELATIVE = re.compile(r"relativeToVRT\s*=\s*[\"']1", re.IGNORECASE)
_LARGEST_VRT = 16 << 20  # bytes
_BEGIN, _END = ":\"'(={,", "|:\"'?)&},"
# Files that formats write next to the main file, and sidecar files that GDAL reads next to a raster.
_PARTS = {
    ".shp": (".shp", ".shx", ".dbf", ".prj", ".cpg", ".qpj", ".qix", ".sbn", ".sbx"),
    ".tab": (".tab", ".dat", ".map", ".id", ".ind"),
    ".mif": (".mif", ".mid"),
    ".gml": (".gml", ".xsd", ".gfs"),
    ".csv": (".csv", ".csvt", ".prj"),
}
_SIDECARS = (".prj", ".qpj", ".aux", ".hdr", ".rpb", ".rrd", ".ovr", ".xml")


def overwritten_input(output: Path, sources: Iterable[str]) -> Optional[Path]:
    """Return a file of `sources` that writing `output` would replace, or None.

    sources: in GDAL or QGIS notation. Members of a VRT and sidecar files of a raster count as its files.
    """
    written = [path for path in written_files(output) if path.exists()]
    if not written:
        return None
    for source in sources:
        for path in source_files(source):
            if any(_is_same(path, target) for target in written):
                return path
    return None


def written_files(output: Path) -> list[Path]:
    """Return the file of an output and the files that its format writes next to it."""
    endings = _PARTS.get(output.suffix.lower(), ())
    return [output, *(_beside(output, ending) for ending in endings if ending != output.suffix.lower())]


def source_files(source: str) -> Iterator[Path]:
    """Yield the existing local files of a source, without duplicates."""
    names = [source, unquote(source)] if "%" in source else [source]
    pending, visited = [path for name in names for path in _named_files(name)], set()
    while pending:
        path = pending.pop()
        key = os.path.normcase(os.path.realpath(path))
        if key in visited:
            continue
        visited.add(key)
        yield path
        yield from _parts(path)
        pending += _members(path)


def _named_files(source: str) -> Iterator[Path]:
    """Yield files in a source name: `GPKG:FILE:TABLE`, `FILE|layername=T`, `/vsizip/FILE/inner` or a plain path."""
    starts = [0, *(index + 1 for index, character in enumerate(source) if character in _BEGIN)]
    ends = [len(source), *(index for index, character in enumerate(source) if character in _END)]
    starts += [match.end() for match in re.finditer(r"/vsi[a-z0-9]+/", source)]
    for start in starts:
        for end in ends:
            with suppress(OSError, ValueError):  # too long for a path, or invalid characters
                path = _existing(source[start:end].strip("{}\"' ")) if start < end else None
                if path is not None:
                    yield path


def _existing(name: str) -> Optional[Path]:
    """Return the file with this name, or the archive that contains it."""
    if not name:
        return None
    path = Path(name)
    return next((parent for parent in (path, *path.parents) if parent.is_file()), None)


def _parts(path: Path) -> Iterator[Path]:
    """Yield the other files of a file's format and the sidecar files that GDAL reads."""
    endings = {*_PARTS.get(path.suffix.lower(), ()), *_SIDECARS} - {path.suffix.lower()}
    candidates = [_beside(path, ending) for ending in sorted(endings)]
    candidates += [path.with_name(path.name + ending) for ending in (".aux.xml", ".msk", ".ovr")]
    yield from (candidate for candidate in candidates if candidate.is_file())


def _members(path: Path) -> Iterator[Path]:
    if path.suffix.lower() != ".vrt":
        return
    with suppress(OSError):
        if path.stat().st_size > _LARGEST_VRT:
            return
        text = path.read_text("utf-8", errors="replace")
        for member in _MEMBER.finditer(text):
            name = html.unescape(member["name"].strip())
            yield from _named_files(name)
            if _RELATIVE.search(member["attributes"]):
                yield from _named_files(str(path.parent / name))


def _beside(path: Path, ending: str) -> Path:
    """Return the file next to `path` with another ending, in capitals if only that file exists."""
    lower, upper = path.with_suffix(ending), path.with_suffix(ending.upper())
    return upper if upper.exists() and not lower.exists() else lower


def _is_same(path: Path, other: Path) -> bool:
    with suppress(OSError):
        if os.path.samefile(path, other):
            return True
    return os.path.normcase(os.path.realpath(path)) == os.path.normcase(os.path.realpath(other))
