"""Each picture is asked once; what fails or is stopped loses nothing else."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import Optional

import numpy as np
import pytest
from qgis.core import QgsCoordinateReferenceSystem, QgsFeedback, QgsGeometry

from rsgpt_plugin.encoding import encode
from rsgpt_plugin.errors import Cancelled, ImageryError, RsgptError, ServerError
from rsgpt_plugin.processing.searching.indexing import index_pictures, read_row
from rsgpt_plugin.processing.searching.picture_set import PicturePlace, SearchedPicture
from rsgpt_plugin.shared.files.search_index import BATCH, IndexRows

from .conftest import MODEL, SearchingModel


class Numbered:
    """Pictures of one color each, whose red value is their number. None has no pixel, -1 cannot be read."""

    crs = QgsCoordinateReferenceSystem("EPSG:32611")

    def __init__(self, numbers: Sequence[Optional[int]], version: str = "1", is_hashed: bool = False) -> None:
        self.numbers, self.version, self.is_hashed = numbers, version, is_hashed
        self.captured: list[Optional[int]] = []
        self.on_capture: Callable[[], None] = lambda: None

    def __len__(self) -> int:
        return len(self.numbers)

    def source(self, number: int) -> PicturePlace:
        if self.is_hashed:
            return PicturePlace(sha256=f"sha-of-{self.numbers[number]}")
        return PicturePlace(f"place {number}", self.version)

    def geometry(self, number: int) -> QgsGeometry:
        return QgsGeometry()

    def picture(self, number: int) -> Optional[SearchedPicture]:
        self.captured.append(self.numbers[number])
        self.on_capture()
        shown = self.numbers[number]
        if shown == -1:
            raise ImageryError("It cannot be read.")
        return None if shown is None else SearchedPicture(f"sha-of-{shown}", lambda: _png(shown))


def _png(number: int) -> bytes:
    from qgis.PyQt.QtGui import QColor, QImage

    image = QImage(8, 8, QImage.Format.Format_RGB888)
    image.fill(QColor(number, 100, 255))
    return encode(image)


def keys(pictures: Numbered, index: IndexRows, feedback: Optional[QgsFeedback] = None) -> list[str]:
    found = index_pictures(pictures, MODEL, index, feedback or QgsFeedback())
    return [key if isinstance(key, str) else f"! {key}" for key in found]


def test_pictures_are_asked_once_and_read_once(searching: SearchingModel, index: IndexRows) -> None:
    pictures = Numbered([3, None, 4, 3])
    expected = ["sha-of-3", "", "sha-of-4", "sha-of-3"]
    assert keys(pictures, index) == expected
    assert (searching.asked, pictures.captured) == ([3, 4], [3, None, 4, 3])
    again = Numbered([3, None, 4, 3])
    assert keys(again, index) == expected
    assert (searching.asked, again.captured) == ([3, 4], [])


def test_changed_places_are_read_again_and_known_pixels_are_not_asked(
    searching: SearchingModel, index: IndexRows
) -> None:
    keys(Numbered([3, 4]), index)
    changed = Numbered([4, 5], version="2")
    assert keys(changed, index) == ["sha-of-4", "sha-of-5"]
    assert (searching.asked, changed.captured) == ([3, 4, 5], [4, 5])
    unknown = Numbered([4, 5], version="")
    assert keys(unknown, index) == ["sha-of-4", "sha-of-5"]
    assert (searching.asked, unknown.captured) == ([3, 4, 5], [4, 5])


def test_pictures_with_a_known_hash_are_not_captured_again(searching: SearchingModel, index: IndexRows) -> None:
    keys(Numbered([3]), index)
    hashed = Numbered([3, 4], is_hashed=True)
    assert keys(hashed, index) == ["sha-of-3", "sha-of-4"]
    assert (searching.asked, hashed.captured) == ([3, 4], [4])


def test_failures_are_tried_again_and_the_others_go_on(searching: SearchingModel, index: IndexRows) -> None:
    searching.bad = (5,)
    first = keys(Numbered([3, -1, 5, 6]), index)
    assert [key[:1] for key in first] == ["s", "!", "!", "s"]
    searching.bad = ()
    again = Numbered([3, 4, 5, 6])
    assert keys(again, index) == ["sha-of-3", "sha-of-4", "sha-of-5", "sha-of-6"]
    assert again.captured == [4, 5]


def test_a_server_that_ends_keeps_what_it_answered(searching: SearchingModel, index: IndexRows) -> None:
    searching.dies_after = 40
    numbers = list(range(2 * BATCH))
    with pytest.raises(ServerError):
        keys(Numbered(numbers), index)
    searching.dies_after = 10**9
    assert len(keys(Numbered(numbers), index)) == 2 * BATCH
    assert searching.asked == numbers


def test_cancel_keeps_what_was_answered(searching: SearchingModel, index: IndexRows) -> None:
    feedback, numbers = QgsFeedback(), list(range(2 * BATCH))
    pictures = Numbered(numbers)
    pictures.on_capture = lambda: feedback.cancel() if len(pictures.captured) == BATCH + 1 else None
    with pytest.raises(Cancelled):
        keys(pictures, index, feedback)
    asked = len(searching.asked)
    assert asked >= BATCH - 1
    keys(Numbered(numbers), index)
    assert searching.asked == numbers


def test_progress_ends_at_100(searching: SearchingModel, index: IndexRows) -> None:
    feedback = QgsFeedback()
    keys(Numbered([1, 2, None]), index, feedback)
    assert feedback.progress() == 100


@pytest.mark.parametrize(
    "text", ["", "no base64", "AAAA", base64.b64encode(np.array([np.nan], "<f2").tobytes()).decode()]
)
def test_a_reply_that_is_no_row(text: str) -> None:
    with pytest.raises(RsgptError, match="no row"):
        read_row(text)


def test_a_row() -> None:
    row = np.array([0.5, -1.0], "<f2")
    assert read_row(base64.b64encode(row.tobytes()).decode()).tolist() == [0.5, -1.0]
