"""The encoder learns scenes and objects once, and is frozen again afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from rsgpt_backend.data.annotations import CaptionRecord
from rsgpt_backend.model.vision.encoders import build_encoder
from rsgpt_backend.train.adaptation import encoder_adaptation
from rsgpt_backend.train.adaptation.encoder_adaptation import (
    LabelReader,
    LabelTargets,
    SceneLabels,
    _loss,
    adapt_encoder,
    augment,
    scene_accuracy,
)
from rsgpt_backend.train.examples.corpus import Corpus
from rsgpt_backend.train.examples.samples import Sample
from rsgpt_backend.train.recipe import AdaptationStage, RecipeDataset
from rsgpt_plugin.shared.vocabulary.kinds import KINDS
from tests.backend.toy import IMAGE_SIZE, make_config

VISION = make_config(Path("language")).vision
RECIPE = AdaptationStage(steps=3, batch=4, size=32)


@pytest.fixture(scope="module")
def corpus(toy_data: Path) -> Corpus:
    return Corpus(toy_data, [RecipeDataset("images", "captions.json")], IMAGE_SIZE)


def adapted(corpus: Corpus, out: Path | None = None) -> tuple[nn.Module, dict[str, Tensor]]:
    """An encoder after adaptation, and its weights before."""
    torch.manual_seed(0)
    encoder = build_encoder(VISION).eval().requires_grad_(False)
    before = {key: value.clone() for key, value in encoder.state_dict().items()}
    adapt_encoder(encoder, corpus, VISION, RECIPE, torch.device("cpu"), out=out)
    return encoder, before


def test_the_encoder_changes_and_is_frozen_again(corpus: Corpus) -> None:
    encoder, before = adapted(corpus)
    after = encoder.state_dict()
    assert not any(parameter.requires_grad for parameter in encoder.parameters())
    assert not any(module.training for module in encoder.modules())
    learnt = [key for key, _ in encoder.named_parameters()]
    assert all(not torch.equal(after[key], before[key]) for key in learnt if "weight" in key)
    assert all(torch.equal(after[key], before[key]) for key in after.keys() - set(learnt))
    again, _ = adapted(corpus)
    assert all(torch.equal(again.state_dict()[key], value) for key, value in after.items())


def test_a_killed_adaptation_resumes_exactly(corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted, _ = adapted(corpus)
    monkeypatch.setattr(encoder_adaptation, "_CHECKPOINT_EVERY", 2)
    started: list[int] = []

    def count(pixels: Tensor, size: int) -> Tensor:
        started.append(size)
        if len(started) == 3:
            raise KeyboardInterrupt
        return augment(pixels, size)

    monkeypatch.setattr(encoder_adaptation, "augment", count)
    with pytest.raises(KeyboardInterrupt):
        adapted(corpus, tmp_path)
    found, _ = adapted(corpus, tmp_path)
    assert len(started) == 4  # two steps, the killed third, and the third again
    assert all(torch.equal(found.state_dict()[key], value) for key, value in wanted.state_dict().items())


def sample(dataset: int, scene: str, *captions: str) -> Sample:
    return Sample("x.png", CaptionRecord("x.png", captions, scene), dataset)


def test_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder_adaptation, "_WORD_PICTURES", 2)
    samples = [
        sample(0, "river", "A boat.", "A road."),
        sample(0, "forest", "Trees."),
        sample(1, "forest", "Trees.", "Trees and a lake", "A road", "Nothing"),
    ]
    targets = LabelTargets(samples)
    assert targets.words == ["a", "road", "trees"]  # only one picture has a boat
    assert len(targets) == 3 + 3 + len(KINDS)
    labels = targets.labels(samples)
    assert labels.scene.tolist() == [1, 0, 2]  # of (0, forest), (0, river), (1, forest)
    assert labels.choices.tolist() == [[True, True, False], [True, True, False], [False, False, True]]
    assert labels.words.tolist() == [[1.0, 0.5, 0.0], [0.0, 0.0, 1.0], [0.5, 0.25, 0.5]]
    assert targets.labels([sample(1, "desert", "A dune.")]).scene.tolist() == [-1]


def test_things_and_words_are_learned_where_they_are_known() -> None:
    samples = [sample(0, "river", "Water."), sample(1, ""), sample(1, "")]
    samples[1].presence = {"water": True, "tree": False}
    samples[2].presence = {"tree": True}
    targets = LabelTargets(samples)
    assert (targets.scenes, targets.things) == ([(0, "river")], ["tree", "water"])
    labels = targets.labels(samples)
    assert labels.scene.tolist() == [0, -1, -1]
    assert labels.things.isnan().tolist() == [[True, True], [False, False], [False, True]]
    assert labels.things[1].tolist() == [0.0, 1.0]
    scores = torch.zeros(3, len(targets))
    things = slice(-len(KINDS) - 2, -len(KINDS))
    wrong = scores.clone()
    wrong[1, things] = torch.tensor([9.0, -9.0])
    unknown = scores.clone()
    unknown[0, things], unknown[2, things.stop - 1] = 9.0, 9.0
    assert _loss(wrong, labels) > _loss(scores, labels)
    assert torch.equal(_loss(unknown, labels), _loss(scores, labels))


def test_kinds_of_areas_are_learned_across_data_sets() -> None:
    samples = [sample(0, "denseresidential", "Houses."), sample(1, "a village"), sample(1, "")]
    targets = LabelTargets(samples)
    labels = targets.labels(samples)
    residential, village, forest = (list(KINDS).index(kind) for kind in ("residential", "village", "forest"))
    assert labels.kinds[0, [residential, forest]].tolist() == [1.0, 0.0]
    assert labels.kinds[0, village].isnan()  # a village may be called residential, too
    assert labels.kinds[1, village] == 1.0
    assert labels.kinds[2].isnan().all()

    def loss(*preferred: int) -> float:
        scores = torch.zeros(3, len(targets))
        for row, kind in enumerate(preferred):
            scores[row, kind - len(KINDS)] = 5.0
        return _loss(scores, labels).item()

    assert loss(residential, village) < loss(residential) < loss() < loss(forest)
    assert loss(residential, village, forest) == loss(residential, village)  # nothing is known of the third
    assert loss(village) == loss()  # possible, but not what the picture is called


def test_scene_accuracy_per_data_set(toy_data: Path) -> None:
    sets = [RecipeDataset("images", "captions.json")] * 2
    corpus = Corpus(toy_data, sets, IMAGE_SIZE)
    targets = LabelTargets(corpus.samples)
    reader = LabelReader(build_encoder(VISION).eval(), VISION, len(targets)).eval()
    with torch.no_grad():
        reader.head[1].get_parameter("weight").zero_()
        reader.head[1].get_parameter("bias").copy_(torch.tensor([0.0, 1.0, 2.0, 1.0] + [9.0] * (len(targets) - 4)))
    # forest and river alternate: in both sets, the half that the bias prefers is correct
    assert scene_accuracy(reader, targets.labels(corpus.samples), corpus) == [50.0, 50.0]
    for one in corpus.samples[:3]:
        one.record = CaptionRecord(one.filename, one.record.captions, "desert")
    assert scene_accuracy(reader, targets.labels(corpus.samples), corpus) == [33.3, 50.0]


def test_scenes_of_other_data_sets_are_not_mistakes() -> None:
    choices = torch.tensor([[True, True, False]])
    labels = SceneLabels(
        torch.tensor([0]), choices, torch.zeros(1, 1), torch.zeros(1, 0), torch.full((1, 1), torch.nan)
    )
    low = _loss(torch.tensor([[5.0, 0.0, -9.0, -9.0, 0.0]]), labels)
    high = _loss(torch.tensor([[5.0, 0.0, 9.0, -9.0, 0.0]]), labels)
    assert torch.equal(low, high)
    assert _loss(torch.tensor([[0.0, 5.0, 0.0, -9.0, 0.0]]), labels) > low


def test_augmenting_keeps_shape_and_range() -> None:
    torch.manual_seed(0)
    pixels = torch.randint(0, 256, (9, 3, 64, 64), dtype=torch.uint8)
    crops = augment(pixels, 48)
    assert crops.shape == (9, 3, 48, 48)
    assert crops.dtype == torch.float32
    assert crops.min() >= 0
    assert crops.max() <= 255
    assert not torch.equal(crops, augment(pixels, 48))


def test_an_even_picture_stays_even_but_for_its_brightness() -> None:
    crops = augment(torch.full((4, 3, 64, 64), 100, dtype=torch.uint8), 32)
    torch.testing.assert_close(crops, crops[:, :, :1, :1].expand_as(crops), atol=1e-2, rtol=0)
    assert crops.min() >= 70
    assert crops.max() <= 133
