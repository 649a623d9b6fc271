"""Writer of small uncompressed GeoTIFFs without GDAL, so that both sides read the same bytes."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Union
from xml.sax.saxutils import escape

import numpy as np

Geotransform = tuple[float, float, float, float, float, float]

NORTH_UP: Geotransform = (500000.0, 0.5, 0.0, 4000000.0, 0.0, -0.5)
SHORT, LONG, DOUBLE, ASCII = 3, 4, 12, 2
_CODES = {SHORT: "H", LONG: "I", DOUBLE: "d"}
_FORMATS = {"u": 1, "i": 2, "f": 3}
_GREY, _RGB, _MASK = 1, 2, 4

Value = Union[int, float]


@dataclass(frozen=True)
class TiffTags:
    """Tags of a file. crs: an EPSG number, or WKT, which is written to a sidecar file.

    extra: for each band after the colors, 0 (unspecified) or 2 (alpha). no_data, metadata: as GDAL writes them.
    mask, mask_beside: mask of visible pixels, stored in the file or in a sidecar file.
    """

    geotransform: Geotransform = NORTH_UP
    crs: int | str = 32611
    is_rgb: bool = False
    extra: tuple[int, ...] = ()
    no_data: str = ""
    metadata: str = ""
    mask: np.ndarray | None = None
    mask_beside: np.ndarray | None = None


def write_tiff(path: Path, values: np.ndarray, tags: TiffTags) -> Path:
    """Write bands x height x width, and its sidecar files."""
    pages = [_page(values, tags)]
    if tags.mask is not None:
        pages.append(_mask_page(tags.mask))
    path.write_bytes(_file(pages))
    if tags.mask_beside is not None:
        flags = "".join(f'<Item name="INTERNAL_MASK_FLAGS_{band}">2</Item>' for band in range(1, len(values) + 1))
        note = {42112: (ASCII, f"<GDALMetadata>{flags}</GDALMetadata>")}
        Path(f"{path}.msk").write_bytes(_file([({**_mask_page(tags.mask_beside)[0], **note, 262: (SHORT, [_GREY])},
                                                _mask_page(tags.mask_beside)[1])]))  # fmt: skip
    if isinstance(tags.crs, str):
        Path(f"{path}.aux.xml").write_text(f"<PAMDataset><SRS>{escape(tags.crs)}</SRS></PAMDataset>")
    return path


Fields = dict[int, tuple[int, Union[str, list[Value]]]]
Page = tuple[Fields, bytes]


def _page(values: np.ndarray, tags: TiffTags) -> Page:
    bands = len(values)
    x0, xx, xy, y0, yx, yy = tags.geotransform
    fields: Fields = {
        **_layout(values, _RGB if tags.is_rgb else _GREY),
        34264: (DOUBLE, [xx, xy, 0.0, x0, yx, yy, 0.0, y0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0]),
        34735: (SHORT, _geo_keys(tags.crs)),
    }
    extra = tags.extra or (0,) * (bands - (3 if tags.is_rgb else 1))
    if extra:
        fields[338] = (SHORT, list(extra))
    if tags.metadata:
        fields[42112] = (ASCII, f"<GDALMetadata>{tags.metadata}</GDALMetadata>")
    if tags.no_data:
        fields[42113] = (ASCII, tags.no_data)
    return fields, _data(values)


def _mask_page(mask: np.ndarray) -> Page:
    values = (mask[None] * 255).astype(np.uint8)
    return {**_layout(values, _MASK), 254: (LONG, [4])}, _data(values)


def _layout(values: np.ndarray, photometric: int) -> Fields:
    bands, height, width = values.shape
    kind = values.dtype
    return {
        254: (LONG, [0]), 256: (LONG, [width]), 257: (LONG, [height]), 258: (SHORT, [8 * kind.itemsize] * bands),
        259: (SHORT, [1]), 262: (SHORT, [photometric]), 277: (SHORT, [bands]), 278: (LONG, [height]),
        284: (SHORT, [1]), 339: (SHORT, [_FORMATS[kind.kind]] * bands),
    }  # fmt: skip


def _data(values: np.ndarray) -> bytes:
    return np.moveaxis(values, 0, -1).astype(values.dtype.newbyteorder("<")).tobytes()


def _geo_keys(crs: int | str) -> list[Value]:
    """Return GeoKeys of a projected or geographic CRS; only "pixel is area" if `crs` is WKT."""
    area = [1025, 0, 1, 1]
    if isinstance(crs, str):
        return [1, 1, 0, 1, *area]
    model, key = (2, 2048) if crs == 4326 else (1, 3072)
    return [1, 1, 0, 3, 1024, 0, 1, model, *area, key, 0, 1, crs]


def _file(pages: list[Page]) -> bytes:
    body = b"II" + struct.pack("<HI", 42, 0)
    links = [4]  # positions of the offset of the next page
    for fields, data in pages:
        offset = len(body)
        body += data + b"\0" * (len(data) % 2)
        start, directory, links_to = _directory({**fields, 273: (LONG, [offset]), 279: (LONG, [len(data)])}, len(body))
        body = body[: links[-1]] + struct.pack("<I", start) + body[links[-1] + 4 :] + directory
        links.append(links_to)
    return body


def _directory(fields: Fields, position: int) -> tuple[int, bytes, int]:
    """Return start and bytes of a directory (with its long values first), and the position of its link to the next."""
    values, entries = b"", b""
    for tag, (kind, value) in sorted(fields.items()):
        raw = value.encode() + b"\0" if isinstance(value, str) else struct.pack(f"<{len(value)}{_CODES[kind]}", *value)
        count = len(raw) if isinstance(value, str) else len(value)
        inline = raw.ljust(4, b"\0") if len(raw) <= 4 else struct.pack("<I", position + len(values))
        if len(raw) > 4:
            values += raw + b"\0" * (len(raw) % 2)
        entries += struct.pack("<HHI", tag, kind, count) + inline
    start = position + len(values)
    directory = struct.pack("<H", len(fields)) + entries + b"\0" * 4
    return start, values + directory, start + len(directory) - 4
