"""The defaults of the stage fit together, and a data set claims nothing that its file does not say."""

from __future__ import annotations

from rsgpt_backend.train.finder.settings import FinderDataset, FinderStage


def test_a_stage_is_off_unless_it_has_steps() -> None:
    stage = FinderStage()
    assert stage.steps == 0
    assert stage.size % 32 == 0
    assert stage.smallest < 1 < stage.largest


def test_a_data_set_knows_no_label_by_default() -> None:
    dataset = FinderDataset("a.json", "a.zip")
    assert dataset.complete == dataset.partial == dataset.absent == dataset.shares == dataset.without == ()
