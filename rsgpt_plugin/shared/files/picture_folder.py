"""The pictures in a folder that a search covers."""

from __future__ import annotations

from pathlib import Path

TIFF = (".tif", ".tiff")
SUFFIXES = (".png", ".jpg", ".jpeg", *TIFF)


def pictures_in(folder: Path) -> list[Path]:
    """Return the PNG, JPEG, and TIFF files in a folder and its subfolders, sorted."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
