"""Records of object files: boxes, shares of the picture, labels and masks, with the ground resolution if it is known.

Layout: {"classes": [...], "annotations": [{"filename", "width", "height", "gsd_m", "objects": [{"label", "bbox":
[x, y, width, height]}], "shares": {name: 0..1}, "labels": {name: bool}, "mask": file name, "place", "cut"}]}; all but
the file name, its size and the objects are optional. Boxes are in pixels of the picture, from its top left corner.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from ..errors import DataError
from ..strict_json import parse_json


@dataclass(frozen=True)
class ObjectBox:
    """One object: a singular noun, and its box in pixels."""

    label: str
    x: float
    y: float
    width: float
    height: float

    @property
    def center(self) -> tuple[float, float]:
        """x and y of the center, in pixels."""
        return self.x + self.width / 2, self.y + self.height / 2


@dataclass(frozen=True)
class ObjectRecord:
    """What is known about the objects of one picture.

    width, height: of the picture in pixels; gsd_m: meters per pixel, None if unknown; shares: part of the picture that
    a class covers, 0 to 1; labels: whether a thing is present; mask: file name of the class mask, "" for none;
    cut: number of objects at the edge that have no box because little of them is visible.
    """

    filename: str
    width: int
    height: int
    gsd_m: float | None = None
    boxes: tuple[ObjectBox, ...] = ()
    shares: dict[str, float] = field(default_factory=dict)
    labels: dict[str, bool] = field(default_factory=dict)
    mask: str = ""
    place: str = ""
    cut: int = 0


@dataclass(frozen=True)
class ObjectFile:
    """The records of a file. classes: names of the values of its masks."""

    records: tuple[ObjectRecord, ...]
    classes: tuple[str, ...] = ()


def read_objects(path: Path, split: str = "") -> ObjectFile:
    """Read an object file. split: keep only the records of this split, if they name one. Raises DataError."""
    try:
        data = parse_json(path.read_text(encoding="utf-8"))
        rows = [row for row in data["annotations"] if not split or row.get("split", split) == split]
        return ObjectFile(tuple(map(_record, rows)), tuple(map(str, data.get("classes", ()))))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"{path} is not a readable file of objects ({type(error).__name__}: {error}). Choose a file with a list of "
            "annotations."
        ) from error


def read_masks(path: Path) -> dict[str, Image.Image]:
    """Return class masks by file name, with their values unchanged. Raises DataError."""
    try:
        if path.is_dir():
            contents = {file.name: file.read_bytes() for file in sorted(path.iterdir()) if file.is_file()}
        else:
            with zipfile.ZipFile(path) as archive:
                contents = {Path(name).name: archive.read(name) for name in archive.namelist()}
        return {name: Image.open(io.BytesIO(data), formats=("PNG",)) for name, data in contents.items()}
    except (OSError, zipfile.BadZipFile) as error:
        raise DataError(
            f"{path} has no readable masks ({error}). Choose a folder or zip archive of PNG files."
        ) from error


def _record(row: dict[str, Any]) -> ObjectRecord:
    gsd = row.get("gsd_m")
    return ObjectRecord(
        str(row["filename"]),
        int(row["width"]),
        int(row["height"]),
        None if gsd is None else float(gsd),
        tuple(ObjectBox(str(item["label"]), *map(float, item["bbox"])) for item in row["objects"]),
        {str(name): float(share) for name, share in row.get("shares", {}).items()},
        {str(name): bool(present) for name, present in row.get("labels", {}).items()},
        str(row.get("mask", "")),
        str(row.get("place", "")),
        int(row.get("cut", 0)),
    )
