"""Quirks of a server adapt prompts to what it accepts, and are shared by all gateways to the same origin."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from qgis.PyQt.QtGui import QImage

from rsgpt_plugin.client.server.downscaling import PictureLimit, longest_side
from rsgpt_plugin.client.server.protocol import Prompt
from rsgpt_plugin.client.server.server_quirks import ServerQuirks, forget_quirks, quirks_of
from rsgpt_plugin.encoding import encode

ORIGIN = "http://127.0.0.1:8000"
NO_LIMIT = PictureLimit()


@pytest.fixture(autouse=True)
def no_quirks() -> Iterator[None]:
    forget_quirks()
    yield
    forget_quirks()


def prompt(side: int = 100) -> Prompt:
    image = QImage(side, side // 2, QImage.Format.Format_RGB888)
    image.fill(0)
    return Prompt(encode(image), "Water?", max_tokens=7, choices=("yes", "no"))


def test_a_server_without_quirks_gets_the_prompt_unchanged() -> None:
    assert ServerQuirks().fit(prompt()) == prompt()


def test_a_picture_above_the_limit_is_made_smaller_and_the_rest_is_kept() -> None:
    fitted = ServerQuirks(PictureLimit(side=40)).fit(prompt())
    assert longest_side(fitted.image) == 40
    assert replace(fitted, image=b"") == replace(prompt(), image=b"")


def test_the_ground_resolution_is_that_of_the_smaller_picture() -> None:
    known = replace(prompt(), gsd_m=0.3)
    assert ServerQuirks(PictureLimit(side=40)).fit(known).gsd_m == 0.75
    assert ServerQuirks(PictureLimit(side=100)).fit(known).gsd_m == 0.3
    assert ServerQuirks(PictureLimit(side=40)).fit(prompt()).gsd_m is None
    assert ServerQuirks(PictureLimit(side=40)).fit(replace(known, image=b"no picture")).gsd_m == 0.3


def test_a_picture_within_the_limit_is_unchanged() -> None:
    assert ServerQuirks(PictureLimit(side=100)).fit(prompt()) == prompt()


@pytest.mark.parametrize(
    ("unknown", "has_choices", "is_whole_number"),
    [({"choice"}, False, True), ({"json"}, True, False), ({"choice", "json"}, False, False), (set(), True, True)],
)
def test_structures_that_the_server_refuses_are_left_out(
    unknown: set[str], has_choices: bool, is_whole_number: bool
) -> None:
    quirks = ServerQuirks(unknown_structures=unknown)
    assert quirks.fit(prompt()).choices == (("yes", "no") if has_choices else ())
    number = Prompt(b"", "How many?", is_whole_number=True)
    assert quirks.fit(number).is_whole_number is is_whole_number


def test_unstructured_leaves_out_every_structure_but_not_the_text() -> None:
    fitted = ServerQuirks().fit(prompt(), unstructured=True)
    assert (fitted.structure, fitted.text, fitted.max_tokens) == ({}, "Water?", 7)
    assert ServerQuirks().fit(Prompt(b"", "How many?", is_whole_number=True), unstructured=True).structure == {}


def test_fit_does_not_learn() -> None:
    quirks = ServerQuirks()
    quirks.fit(prompt(), unstructured=True)
    assert quirks == ServerQuirks()


def test_an_origin_keeps_its_quirks() -> None:
    quirks_of(ORIGIN, NO_LIMIT).plain = True
    quirks_of(ORIGIN, NO_LIMIT).unknown_structures.add("choice")
    assert quirks_of(ORIGIN, NO_LIMIT) == ServerQuirks(plain=True, unknown_structures={"choice"})
    assert quirks_of("http://127.0.0.1:8001", NO_LIMIT) == ServerQuirks()


def test_a_limit_of_the_user_does_not_raise_a_learned_limit() -> None:
    quirks = quirks_of(ORIGIN, PictureLimit(side=200, size=5000))
    quirks.limit = PictureLimit(side=100, size=5000)
    assert quirks_of(ORIGIN, PictureLimit(side=300, size=4000)).limit == PictureLimit(side=100, size=4000)
    assert quirks_of(ORIGIN, NO_LIMIT).limit == PictureLimit(side=100, size=4000)


def test_forget_quirks_forgets_all_servers() -> None:
    quirks_of(ORIGIN, PictureLimit(side=100)).plain = True
    forget_quirks()
    assert quirks_of(ORIGIN, NO_LIMIT) == ServerQuirks()
