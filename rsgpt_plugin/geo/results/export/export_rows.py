"""What every export is given: the rows and how to look at them. Writes nothing."""

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
from ....shared.files.atomic_file import replaced
from ....shared.files.geopackage import release
from ..display_values import DisplayColumn
from ..layer_rows import LayerRow

translate = QCoreApplication.translate

# Nothing is fetched by a report, whatever a text may hold; the page's own script and style stand in it.
PAGE_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
# By these the beginning of an earlier export is known.
_MARKS = (b"image_sha2", b"plugin_ver")
_BEGINNING = 1 << 16  # bytes

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class ExportRows:
    """Rows in the order of the table. features: theirs, geometry in `crs`. picture: PNG by hash, None where gone.

    model: the column that names the model, "" where there is none. progress: told percent; raises Cancelled where
    the user stopped.
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

    def each(self) -> Iterator[tuple[LayerRow, QgsFeature]]:
        """Every row with its feature, telling the progress."""
        for number, pair in enumerate(zip(self.rows, self.features)):
            self.progress(100.0 * number / len(self.rows))
            yield pair

    def picture_of(self, row: LayerRow) -> Optional[bytes]:
        """The picture that the row's answers are about; None where there is none."""
        # A hash comes from the layer, which may hold anything.
        return self.picture(row.sha256) if _SHA256.fullmatch(row.sha256) else None


@contextmanager
def whole_file(path: Path, encoding: str = "utf-8") -> Iterator[IO[str]]:
    """A text file that is there only once all of it is written."""
    try:
        with replaced(path) as draft, draft.open("w", encoding=encoding, newline="") as file:
            yield file
    except OSError as error:
        raise unwritable(path, str(error)) from error


def check_earlier_export(path: Path) -> None:
    """OutputError where a file is there that is not an export of ours."""
    try:
        if not path.is_file():
            return
        with path.open("rb") as file:
            beginning = file.read(_BEGINNING)
    except OSError as error:
        raise unwritable(path, str(error)) from error
    if beginning and PAGE_POLICY.encode() not in beginning and not all(mark in beginning for mark in _MARKS):
        sentence = translate("Rsgpt", "{path} is not an export of results and would be replaced. Choose another name.")
        raise OutputError(sentence.format(path=path))


def discard(path: Path) -> None:
    """Remove a file that is not whole, where there is one, and what SQLite has left beside it."""
    with suppress(OSError):
        path.unlink(missing_ok=True)
        release(path)


def unwritable(path: Path, cause: str) -> OutputError:
    """The error of a file that cannot be written."""
    sentence = translate(
        "Rsgpt", "{path} cannot be written ({cause}). Choose another folder, or close the program that has it open."
    )
    return OutputError(sentence.format(path=path, cause=cause))
