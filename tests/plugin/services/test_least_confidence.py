"""The threshold is kept, and never leaves 0 to 1."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rsgpt_plugin.services.least_confidence import least_confidence, set_least_confidence


@pytest.fixture(autouse=True)
def restored(qgis_app: object) -> Iterator[None]:
    yield
    set_least_confidence(0.0)


def test_every_answer_is_told_at_first() -> None:
    assert least_confidence() == 0.0


@pytest.mark.parametrize(("value", "kept"), [(0.4, 0.4), (1.0, 1.0), (7.0, 1.0), (-1.0, 0.0)])
def test_it_is_kept(value: float, kept: float) -> None:
    set_least_confidence(value)
    assert least_confidence() == kept
