"""The local files behind the name of a data source, and which of them an output would overwrite. Opens no data set."""

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
# What a format writes beside the file that is named, and what GDAL reads beside a raster.
_PARTS = {
    ".shp": (".shp", ".shx", ".dbf", ".prj", ".cpg", ".qpj", ".qix", ".sbn", ".sbx"),
    ".tab": (".tab", ".dat", ".map", ".id", ".ind"),
    ".mif": (".mif", ".mid"),
    ".gml": (".gml", ".xsd", ".gfs"),
    ".csv": (".csv", ".csvt", ".prj"),
}
_NOTES = (".prj", ".qpj", ".aux", ".hdr", ".rpb", ".rrd", ".ovr", ".xml")


def overwritten_input(output: Path, sources: Iterable[str]) -> Optional[Path]:
    """The file of one of `sources` that writing `output` would replace; None where there is none.

    sources: as GDAL or QGIS spell them. The members of a VRT and the notes beside a raster count as its files.
    """
    written = [path for path in written_files(output) if path.exists()]
    if not written:
        return None
    for source in sources:
        for path in source_files(source):
            if any(_is_same(path, own) for own in written):
                return path
    return None


def written_files(output: Path) -> list[Path]:
    """The file that an output is, and those that its format puts beside it."""
    endings = _PARTS.get(output.suffix.lower(), ())
    return [output, *(_beside(output, ending) for ending in endings if ending != output.suffix.lower())]


def source_files(source: str) -> Iterator[Path]:
    """Every existing local file that a source consists of, each once."""
    spelled = [source, unquote(source)] if "%" in source else [source]
    waiting, seen = [path for name in spelled for path in _named_files(name)], set()
    while waiting:
        path = waiting.pop()
        key = os.path.normcase(os.path.realpath(path))
        if key in seen:
            continue
        seen.add(key)
        yield path
        yield from _parts(path)
        waiting += _members(path)


def _named_files(source: str) -> Iterator[Path]:
    """The files that a name holds: `GPKG:FILE:TABLE`, `FILE|layername=T`, `/vsizip/FILE/inner` or a plain path."""
    starts = [0, *(place + 1 for place, sign in enumerate(source) if sign in _BEGIN)]
    ends = [len(source), *(place for place, sign in enumerate(source) if sign in _END)]
    starts += [match.end() for match in re.finditer(r"/vsi[a-z0-9]+/", source)]
    for start in starts:
        for end in ends:
            with suppress(OSError, ValueError):  # a name may be too long for a path, or hold what no path can
                found = _existing(source[start:end].strip("{}\"' ")) if start < end else None
                if found is not None:
                    yield found


def _existing(name: str) -> Optional[Path]:
    """The file of that name, or the archive that a longer name leads into."""
    if not name:
        return None
    path = Path(name)
    return next((one for one in (path, *path.parents) if one.is_file()), None)


def _parts(path: Path) -> Iterator[Path]:
    """What belongs to a file: the other files of its format, and notes that GDAL reads beside it."""
    endings = {*_PARTS.get(path.suffix.lower(), ()), *_NOTES} - {path.suffix.lower()}
    candidates = [_beside(path, ending) for ending in sorted(endings)]
    candidates += [path.with_name(path.name + ending) for ending in (".aux.xml", ".msk", ".ovr")]
    yield from (one for one in candidates if one.is_file())


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
    """The file of that ending beside `path`, in capitals where it is so on the disk."""
    lower, upper = path.with_suffix(ending), path.with_suffix(ending.upper())
    return upper if upper.exists() and not lower.exists() else lower


def _is_same(one: Path, other: Path) -> bool:
    with suppress(OSError):
        if os.path.samefile(one, other):
            return True
    return os.path.normcase(os.path.realpath(one)) == os.path.normcase(os.path.realpath(other))
