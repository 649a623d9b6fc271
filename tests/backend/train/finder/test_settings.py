"""The defaults of the stage fit together."""

from __future__ import annotations

from rsgpt_backend.train.finder.settings import FinderStage


def test_a_stage_is_off_unless_it_has_steps() -> None:
    stage = FinderStage()
    assert stage.steps == 0
    assert stage.size % 32 == 0
    assert stage.smallest < 1 < stage.largest
