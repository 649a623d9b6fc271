"""Thumbnails that a separate thread reads."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from qgis.PyQt.QtCore import QCoreApplication

from rsgpt_plugin.services.results.thumbnails import THUMBNAIL_SIDE, Thumbnails
from tests.plugin.results import keep_pictures, sha256_of
from tests.plugin.waiting import wait_until


@pytest.fixture
def thumbnails(qgis_app: object) -> Iterator[Thumbnails]:
    thumbnails = Thumbnails()
    yield thumbnails
    thumbnails.close()


def test_a_thumbnail_arrives_later_and_is_cached(thumbnails: Thumbnails) -> None:
    keep_pictures([1])
    assert thumbnails.get(sha256_of(1)) is None
    wait_until(lambda: thumbnails.get(sha256_of(1)) is not None)
    pixmap = thumbnails.get(sha256_of(1))
    assert pixmap is not None
    assert (pixmap.width(), pixmap.height()) == (THUMBNAIL_SIDE, THUMBNAIL_SIDE)


def test_missing_pictures_are_looked_up_again_after_forget_missing(thumbnails: Thumbnails, own_home: Path) -> None:
    arrivals: list[bool] = []
    thumbnails.arrived.connect(lambda: arrivals.append(True))
    assert thumbnails.get(sha256_of(1)) is None
    wait_until(lambda: bool(arrivals))
    assert not own_home.exists()  # reading creates no store
    keep_pictures([1])
    assert thumbnails.get(sha256_of(1)) is None
    thumbnails.forget_missing()
    thumbnails.get(sha256_of(1))
    wait_until(lambda: thumbnails.get(sha256_of(1)) is not None)


def test_a_picture_that_was_read_just_before_it_was_stored_is_read_again(thumbnails: Thumbnails) -> None:
    thumbnails.get(sha256_of(1))
    time.sleep(0.3)  # the reader has found nothing, but no event was processed
    keep_pictures([1])
    thumbnails.forget_missing()
    QCoreApplication.processEvents()
    wait_until(lambda: thumbnails.get(sha256_of(1)) is not None, 5.0)


def test_an_empty_hash_starts_no_thread(thumbnails: Thumbnails) -> None:
    assert thumbnails.get("") is None
    assert thumbnails._reader is None
