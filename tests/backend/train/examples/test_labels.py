"""Labels that are unknown are NaN and cost nothing."""

from __future__ import annotations

import math

import pytest
import torch

from rsgpt_backend.data.annotations import CaptionRecord
from rsgpt_backend.train.examples.labels import kind_labels, kind_loss, label_loss, thing_labels
from rsgpt_backend.train.examples.samples import Sample

NAN = math.nan


def sample(scene: str, **presence: bool) -> Sample:
    return Sample("x.png", CaptionRecord("x.png", (), scene), 0, presence=presence)


def test_things() -> None:
    labels = thing_labels([sample("", water=True, tree=False), sample("", tree=True)], ["tree", "water"])
    torch.testing.assert_close(labels, torch.tensor([[0.0, 1.0], [1.0, NAN]]), equal_nan=True)
    assert thing_labels([], ["tree", "water"]).shape == (0, 2)


def test_kinds_that_may_be_meant_are_unknown() -> None:
    labels = kind_labels([sample("forest"), sample("")], ["forest", "park", "harbor"])
    torch.testing.assert_close(labels, torch.tensor([[1.0, NAN, 0.0], [NAN, NAN, NAN]]), equal_nan=True)


def test_label_loss_is_summed_per_picture() -> None:
    targets = torch.tensor([[1.0, 0.0, NAN], [NAN, NAN, NAN]])
    scores = torch.tensor([[0.0, 0.0, 9.0], [9.0, -9.0, 9.0]])
    assert label_loss(scores, targets).item() == pytest.approx(2 * math.log(2) / 2)


def test_kind_loss_compares_true_and_false_kinds() -> None:
    targets = torch.tensor([[1.0, 0.0, NAN], [NAN, NAN, NAN]])
    assert kind_loss(torch.tensor([[0.0, 0.0, 9.0], [1.0, 2.0, 3.0]]), targets).item() == pytest.approx(math.log(2))
    two_names = torch.tensor([[1.0, 1.0, 0.0]])
    assert kind_loss(torch.tensor([[0.0, 0.0, 0.0]]), two_names).item() == pytest.approx(math.log(3 / 2))
