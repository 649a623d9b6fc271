"""Training of the classifier on the stored features of the frozen encoder; it takes about two minutes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm

from ...errors import UsageError
from ...model.config import ClassifierConfig
from ...model.heads.classifier import Classifier
from ...model.rsgpt import Rsgpt
from ..examples.corpus import Corpus
from ..examples.labels import kind_labels, kind_loss, label_loss, thing_labels
from ..finite import check_learning
from ..recipe import Recipe
from ..run_files import read_tensors, write_tensors
from ..schedule import LearningRateSchedule

_FINISHED = "classifier.safetensors"
_CHUNK = 1024  # rows of features that are averaged at once
_WARMUP = 50  # steps


def train_classifier(model: Rsgpt, corpus: Corpus, features: Any, recipe: Recipe, out: Path) -> bool:
    """Train the classifier of a model on its device; return False if its weights were already in `out`.

    features: of the corpus's rows, [rows, cells, width]. Raises UsageError if the model has no classifier, RsgptError
    if the loss is not finite.
    """
    classifier, config = _classifier_of(model)
    path = out / _FINISHED
    if path.exists():
        classifier.load_state_dict(read_tensors(path))
        return False
    device, stage = classifier.linear.weight.device, recipe.classifier
    means, rows = mean_features(features), _rows_of_pictures(corpus)
    things, kinds = thing_labels(corpus.samples, config.things), kind_labels(corpus.samples, config.kinds)
    optimizer = torch.optim.AdamW(
        classifier.parameters(), lr=stage.learning_rate, weight_decay=stage.weight_decay, fused=True
    )
    schedule = LearningRateSchedule(stage.steps, _WARMUP, stage.learning_rate)
    generator = torch.Generator().manual_seed(recipe.seed)
    bar = tqdm(range(stage.steps), desc="training the classifier")
    for step in bar:
        picked = corpus.weights.multinomial(stage.batch, replacement=True, generator=generator)
        places = torch.rand(len(picked), generator=generator).tolist()
        views = [rows[picture] for picture in picked.tolist()]
        drawn = [numbers[int(place * len(numbers))] for numbers, place in zip(views, places, strict=True)]
        present, kind = classifier(means[drawn].to(device)[:, None])
        loss = label_loss(present, things[picked].to(device)) + kind_loss(kind, kinds[picked].to(device))
        schedule.descend(optimizer, loss, step)
        if step % 100 == 0:
            bar.set_postfix(loss=f"{loss.item():.3f}")
    check_learning(classifier, [], stage.steps, "classifier")
    write_tensors(classifier.state_dict(), path)
    return True


@torch.no_grad()
def presence_accuracy(model: Rsgpt, corpus: Corpus, features: Any) -> float:
    """Return the accuracy of the known labels in percent, 0 if there are none.

    It is the mean over the things; for each, the mean over the pictures that show it and those that do not.
    """
    classifier, config = _classifier_of(model)
    firsts = [rows[0] for rows in _rows_of_pictures(corpus)]
    scores = classifier(mean_features(features)[firsts].to(classifier.linear.weight.device)[:, None])[0].cpu()
    shares = []
    for says_yes, label in zip((scores > 0).T, thing_labels(corpus.samples, config.things).T, strict=True):
        sides = [says_yes[label == value] == bool(value) for value in (0, 1)]
        if all(map(len, sides)):
            shares += [torch.stack([side.float().mean() for side in sides]).mean()]
    return round(100 * torch.stack(shares).mean().item(), 1) if shares else 0.0


def mean_features(features: Any) -> Tensor:
    """Return the mean over the cells, float32 [rows, width]. features: a tensor, or a store of the same shape."""
    stored = features if isinstance(features, Tensor) else features.features
    starts = range(0, len(stored), _CHUNK)
    return torch.cat([torch.as_tensor(stored[start : start + _CHUNK]).float().mean(1).cpu() for start in starts])


def fit_novelty(model: Rsgpt, features: Any) -> None:
    """Measure the training pictures for the model's novelty detector, if it has one. features: see train_classifier."""
    if model.novelty is not None:
        model.novelty.fit(mean_features(features).to(model.novelty.mean.device))


def _classifier_of(model: Rsgpt) -> tuple[Classifier, ClassifierConfig]:
    if model.classifier is None or model.config.classifier is None:
        raise UsageError("The model has no classifier to train. Set the steps of [classifier] to 0.")
    return model.classifier, model.config.classifier


def _rows_of_pictures(corpus: Corpus) -> list[list[int]]:
    """Return the indexes in `corpus.rows` of the views of each picture."""
    rows: list[list[int]] = [[] for _ in corpus.samples]
    for row, (picture, _) in enumerate(corpus.rows):
        rows[picture].append(row)
    return rows
