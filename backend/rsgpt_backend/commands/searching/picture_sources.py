"""The pictures that the arguments of `rsgpt search` name: files, and all pictures of folders."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from rsgpt_plugin.shared.files.addresses import without_secrets
from rsgpt_plugin.shared.files.picture_folder import TIFF, pictures_in
from rsgpt_plugin.shared.files.source_files import source_files

from ...data.image_files import image_sha256, open_image
from ...errors import DataError
from ...predictor import KeyedPicture
from ...search.indexing import PictureSource


def files_of(arguments: Sequence[str]) -> list[str]:
    """Return files, and the pictures in folders, each once. Raises DataError for a folder without pictures."""
    return list({os.path.abspath(path): path for argument in arguments for path in _files(argument)}.values())


def picture_source(path: str, gsd_m: float | None) -> PictureSource:
    """Return the picture of a file, which may be missing."""
    place = os.path.abspath(path)
    gsd = "" if gsd_m is None else f" {gsd_m:g}"
    return PictureSource(without_secrets(path), f"{place}{gsd}", _version(Path(place)), partial(_read, path, gsd_m))


def _files(argument: str) -> Iterator[str]:
    folder = Path(argument)
    if not folder.is_dir():
        yield argument
        return
    files = pictures_in(folder)
    if not files:
        raise DataError(f"{argument} contains no PNG, JPEG, or TIFF file. Choose another folder.")
    yield from map(str, files)


def _version(path: Path) -> str:
    """Return sizes and dates of a picture and, of a TIFF, of the files that belong to it."""
    files = source_files(str(path)) if path.suffix.lower() in TIFF else [path]  # which takes 100 times as long
    statuses = []
    for file in files:
        with suppress(OSError):  # reported when the picture is read
            statuses.append(file.stat())
    return " ".join(f"{status.st_size} {status.st_mtime_ns}" for status in statuses)


def _read(path: str, gsd_m: float | None) -> KeyedPicture:
    image = open_image(Path(path))
    return KeyedPicture(image, image_sha256(image), gsd_m)
