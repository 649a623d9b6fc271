"""The rows to export, and helpers for the files of an export."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Optional

from qgis.core import QgsCoordinateReferenceSystem, QgsCoordinateTransformContext, QgsFeature, QgsFields
from qgis.PyQt.QtCore import QCoreApplication

from ....errors import OutputError
from ....shared.files.atomic_file import replace_atomically
from ....shared.files.geopackage import remove_companions
from ..display_values import DisplayColumn
from ..layer_rows import LayerRow

translate = QCoreApplication.translate

# A report loads nothing from the network, even if a text contains HTML. Its script and style are inline.
PAGE_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
# Column names (truncated as in a Shapefile) that identify an earlier export.
_MARKS = (b"image_sha2", b"plugin_ver")
_HEAD_BYTES = 1 << 16

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class ExportRows:
    """Rows in the order of the table.

    features: one per row, with geometry in `crs`. picture: returns the PNG by its hash, None if it is no longer stored.
    progress: takes percent, raises Cancelled if the user stops the export. model: the column with the name of the
    model, or "". description: of the run.
    """

    title: str
    columns: Sequence[DisplayColumn]
    rows: Sequence[LayerRow]
    features: Sequence[QgsFeature]
    fields: QgsFields
    wkb_type: Any
    crs: QgsCoordinateReferenceSystem
    context: QgsCoordinateTransformContext
    picture: Callable[[str], Optional[bytes]]
    progress: Callable[[float], None]
    model: str
    description: str = ""

    def each(self) -> Iterator[tuple[LayerRow, QgsFeature]]:
        """Yield each row and its feature, and report the progress."""
        for number, pair in enumerate(zip(self.rows, self.features)):
            self.progress(100.0 * number / len(self.rows))
            yield pair

    def picture_of(self, row: LayerRow) -> Optional[bytes]:
        """Return the PNG of the row's picture, or None."""
        # The hash is a value of the layer, so it may be any text.
        return self.picture(row.sha256) if _SHA256.fullmatch(row.sha256) else None


@contextmanager
def text_file(path: Path, encoding: str = "utf-8") -> Iterator[IO[str]]:
    """Open a text file that replaces `path` when the block ends without an error."""
    try:
        with replace_atomically(path) as draft, draft.open("w", encoding=encoding, newline="") as file:
            yield file
    except OSError as error:
        raise write_error(path, str(error)) from error


def check_earlier_export(path: Path) -> None:
    """Raise OutputError if the file exists and is not an export of RSGPT."""
    try:
        if not path.is_file():
            return
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError as error:
        raise write_error(path, str(error)) from error
    if head and PAGE_POLICY.encode() not in head and not all(mark in head for mark in _MARKS):
        message = translate(
            "Rsgpt", "{path} is not an RSGPT export and would be overwritten. Choose another file name."
        )
        raise OutputError(message.format(path=path))


def discard(path: Path) -> None:
    """Remove an incomplete file, if it exists, and the SQLite files next to it."""
    with suppress(OSError):
        path.unlink(missing_ok=True)
        remove_companions(path)


def write_error(path: Path, cause: str) -> OutputError:
    """Return the error for a file that cannot be written."""
    message = translate(
        "Rsgpt", "{path} cannot be written ({cause}). Choose another folder, or close the program that is using it."
    )
    return OutputError(message.format(path=path, cause=cause))
