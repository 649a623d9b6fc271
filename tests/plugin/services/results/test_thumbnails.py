"""Small pictures, from a thread of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rsgpt_plugin.services.results.thumbnails import SIDE, Thumbnails
from tests.plugin.results import keep_pictures, sha256_of
from tests.plugin.waiting import wait_until


@pytest.fixture
def thumbnails(qgis_app: object) -> Iterator[Thumbnails]:
    made = Thumbnails()
    yield made
    made.close()


def test_a_picture_comes_later_and_stays(thumbnails: Thumbnails) -> None:
    keep_pictures([1])
    assert thumbnails.get(sha256_of(1)) is None
    wait_until(lambda: thumbnails.get(sha256_of(1)) is not None)
    pixmap = thumbnails.get(sha256_of(1))
    assert pixmap is not None
    assert (pixmap.width(), pixmap.height()) == (SIDE, SIDE)


def test_what_the_store_lacks_is_asked_for_once_until_told_to_look_again(
    thumbnails: Thumbnails, own_home: Path
) -> None:
    arrivals: list[bool] = []
    thumbnails.arrived.connect(lambda: arrivals.append(True))
    assert thumbnails.get(sha256_of(1)) is None
    wait_until(lambda: bool(arrivals))
    assert not own_home.exists()  # looking makes no store
    keep_pictures([1])
    assert thumbnails.get(sha256_of(1)) is None
    thumbnails.forget_missing()
    thumbnails.get(sha256_of(1))
    wait_until(lambda: thumbnails.get(sha256_of(1)) is not None)


def test_no_hash_is_no_question(thumbnails: Thumbnails) -> None:
    assert thumbnails.get("") is None
    assert thumbnails._reader is None
