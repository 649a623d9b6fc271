"""Finding objects while the encoder is adapted: repeatable crops, gradients for the encoder, and a clear refusal."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
import torch

from rsgpt_backend.errors import UsageError
from rsgpt_backend.model.rsgpt import Rsgpt
from rsgpt_backend.model.vision.efficientnet import EfficientNetLite
from rsgpt_backend.train.adaptation.object_task import ObjectTask
from rsgpt_backend.train.finder.crops import FinderPictures
from rsgpt_backend.train.finder.settings import FinderStage
from tests.backend.train.finder.finder_data import write_cars

CPU = torch.device("cpu")


@pytest.fixture
def pictures(tmp_path: Path) -> FinderPictures:
    return FinderPictures(tmp_path, [write_cars(tmp_path)])


def test_the_loss_depends_on_the_step_and_reaches_the_encoder(finding_toy: Rsgpt, pictures: FinderPictures) -> None:
    encoder = cast(EfficientNetLite, finding_toy.encoder)
    encoder.requires_grad_(True)
    task = ObjectTask(encoder, finding_toy.config, pictures, FinderStage(size=64))
    first, again, other = (task.loss(4, step, CPU) for step in ("3", "3", "4"))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    first.backward()
    encoder.requires_grad_(False)
    gradients = [parameter.grad for parameter in encoder.parameters() if parameter.grad is not None]
    assert any(bool(gradient.any()) for gradient in gradients)
    encoder.zero_grad()


def test_the_encoder_belongs_to_the_model_and_not_to_the_task(finding_toy: Rsgpt, pictures: FinderPictures) -> None:
    task = ObjectTask(cast(EfficientNetLite, finding_toy.encoder), finding_toy.config, pictures, FinderStage(size=64))
    assert {name.partition(".")[0] for name, _ in task.named_parameters()} == {"finder"}


def test_a_model_without_a_finder_is_refused(toy: Rsgpt, pictures: FinderPictures) -> None:
    with pytest.raises(UsageError, match="without a finder"):
        ObjectTask(cast(EfficientNetLite, toy.encoder), toy.config, pictures, FinderStage(size=64))
