"""Draws depend only on seed and number, and never combine a picture with a sentence that is false for it."""

from __future__ import annotations

import itertools
import json
import math
import random
import statistics
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from rsgpt_backend.errors import DataError
from rsgpt_backend.model.vision.encoders import to_bytes
from rsgpt_backend.train.examples.corpus import BUCKET, Corpus, DrawnPrompt
from rsgpt_backend.train.examples.prompts import CAPTION_PROMPTS, DETAIL_PROMPTS
from rsgpt_backend.train.examples.texts import is_oriented
from rsgpt_backend.train.examples.views import VIEWS
from rsgpt_backend.train.recipe import PromptMix, RecipeDataset
from tests.backend.toy import IMAGE_SIZE, picture

SET = RecipeDataset("images", "captions.json", "questions.json", views=8)
MIX = PromptMix(questions=0.5, objects=0.7, sentences=2)
ASKING = PromptMix(questions=1.0, objects=0.7)


@pytest.fixture(scope="module")
def corpus(toy_data: Path) -> Corpus:
    return Corpus(toy_data, [SET], IMAGE_SIZE)


def written(folder: Path, toy_data: Path, records: list[Any], questions: Sequence[Any] = ()) -> Corpus:
    """A corpus of records and questions about the toy pictures."""
    (folder / "captions.json").write_text(json.dumps(records))
    (folder / "questions.json").write_text(json.dumps(questions))
    return Corpus(folder, [RecipeDataset(str(toy_data / "images"), "captions.json", "questions.json")], IMAGE_SIZE)


def draws(corpus: Corpus, count: int, mix: PromptMix = MIX) -> list[DrawnPrompt]:
    rng = random.Random(1)
    return [corpus.draw(rng, mix) for _ in range(count)]


def test_pictures_are_in_the_order_of_their_names(corpus: Corpus) -> None:
    assert corpus.filenames == [f"{number}.png" for number in range(12)]
    assert torch.equal(corpus.pixels, to_bytes([picture(number) for number in range(12)], IMAGE_SIZE))


def test_sentences_are_cleaned(corpus: Corpus) -> None:
    (caption,) = corpus.samples[0].captions
    assert caption.answers == (
        "There is a river.",
        "A river with two bridges.",
        "On the left a river with two bridges.",
    )


def test_the_data_set_s_own_questions_stay_with_their_pictures(corpus: Corpus) -> None:
    sample = corpus.samples[0]
    assert "scene" in sample.questions
    assert any(example.prompts == ("Is there any water?",) for example in sample.questions["presence"])


def test_questions_with_one_answer_for_all_pictures_are_left_out(tmp_path: Path, toy_data: Path) -> None:
    scenes = ["lake"] * 12
    records = [
        {"filename": f"{number}.png", "scene": scene, "captions": [f"{words}.", f"Here is {words}."]}
        for number, scene in enumerate(scenes)
        for words in ["a lake and a road" if number else "a lake"]
    ]
    corpus = written(tmp_path, toy_data, records)
    derived = {example.answers for sample in corpus.samples for example in sample.objects}
    assert {("yes",), ("no",)} <= derived
    assert not [one for one in draws(corpus, 500, ASKING) if one.answers in {("yes",), ("no",), ("zero",)}]


def test_two_data_sets_are_joined(toy_data: Path) -> None:
    both = Corpus(toy_data, [SET, RecipeDataset("images", "captions.json")], IMAGE_SIZE)
    assert [sample.dataset for sample in both.samples] == [0] * 12 + [1] * 12
    assert len(both.pixels) == 24


def test_batches_repeat_by_their_seed(corpus: Corpus, toy_data: Path) -> None:
    def three(seed: int, source: Corpus) -> list[list[list[DrawnPrompt]]]:
        return list(itertools.islice(source.buckets(seed, 4, MIX), 3))

    again = Corpus(toy_data, [SET], IMAGE_SIZE)
    assert three(5, corpus) == three(5, again)
    assert three(5, corpus) != three(6, corpus)
    first, second, _ = three(5, corpus)
    assert first != second


def test_prompts_of_a_batch_have_similar_lengths(corpus: Corpus) -> None:
    bucket = next(corpus.buckets(1, 6, MIX))
    assert [len(batch) for batch in bucket] == [6] * BUCKET
    lengths = sorted([sum(map(len, drawn.answers)) for drawn in batch] for batch in bucket)
    assert lengths[0][-1] <= lengths[-1][0]
    ranges = sorted((min(batch), max(batch)) for batch in lengths)
    assert all(one[1] <= other[0] for one, other in itertools.pairwise(ranges))


def test_a_turned_picture_gets_only_sentences_that_stay_true(corpus: Corpus) -> None:
    drawn = draws(corpus, 800)
    turned = [one for one in drawn if one.view]
    assert {one.view for one in turned} == set(range(1, 8))
    assert not any(is_oriented(answer) for one in turned for answer in one.answers)
    assert any(is_oriented(answer) for one in drawn if not one.view for answer in one.answers)


def test_a_picture_with_oriented_sentences_alone_is_never_turned(toy_data: Path, tmp_path: Path) -> None:
    record = {"filename": "0.png", "captions": ["A river on the left"]}
    corpus = written(tmp_path, toy_data, [record])
    captions = [one for one in draws(corpus, 60, PromptMix(questions=0)) if one.prompt in CAPTION_PROMPTS]
    assert {(one.view, one.answers) for one in captions} == {(0, ("A river on the left.",))}


@pytest.mark.parametrize("share", [0.0, 0.5, 0.75])
def test_captions_and_questions_in_proportion(corpus: Corpus, share: float) -> None:
    drawn = draws(corpus, 1500, PromptMix(questions=share))
    assert sum(one.prompt not in CAPTION_PROMPTS for one in drawn) / 1500 == pytest.approx(share, abs=0.05)


def test_data_sets_are_drawn_by_weight_not_by_size(toy_data: Path, tmp_path: Path) -> None:
    (tmp_path / "few.json").write_text(json.dumps([{"filename": "0.png", "captions": ["A road"]}]))
    few = RecipeDataset(str(toy_data / "images"), "few.json", weight=3.0)
    many = RecipeDataset(str(toy_data / "images"), str(toy_data / "captions.json"))
    corpus = Corpus(tmp_path, [few, many], IMAGE_SIZE)
    drawn = draws(corpus, 2000, PromptMix(questions=0))
    assert sum(one.picture == 0 for one in drawn) / 2000 == pytest.approx(3 / 4, abs=0.05)


def test_sentences_are_limited_and_distinct(toy_data: Path, tmp_path: Path) -> None:
    record = {"filename": "0.png", "captions": ["A road", "A road", "A road", "A lake", "A hut"]}
    corpus = written(tmp_path, toy_data, [record])
    drawn = draws(corpus, 400, PromptMix(questions=0, sentences=2))
    assert {len(one.answers) for one in drawn} == {1, 2}
    assert all(len(set(one.answers)) == len(one.answers) for one in drawn)
    named = Counter(answer for one in drawn for answer in one.answers)
    assert named["A road."] > named["A lake."] > 0


def test_the_first_wording_is_drawn_as_often_as_all_others(corpus: Corpus) -> None:
    drawn = [one.prompt for one in draws(corpus, 2000, PromptMix(questions=0))]
    share = drawn.count(CAPTION_PROMPTS[0]) / len(drawn)
    assert share == pytest.approx(1 / 2 + 1 / 2 / len(CAPTION_PROMPTS), abs=0.05)


def test_each_view_has_a_row_of_its_own(corpus: Corpus) -> None:
    assert len(corpus.rows) == 12 * 8
    for number, view in ((0, 0), (3, 5), (11, 7)):
        assert corpus.rows[corpus.row_of(DrawnPrompt(number, view, "", ()))] == (number, view)


def test_present_and_absent_objects_are_drawn_equally_often(tmp_path: Path, toy_data: Path) -> None:
    records = [
        {"filename": f"{number}.png", "scene": scene, "captions": [f"A {scene}", f"One {scene}"]}
        for number, scene in enumerate(["lake"] * 2 + ["forest"] * 10)
    ]
    (tmp_path / "captions.json").write_text(json.dumps(records))
    (tmp_path / "more.json").write_text(json.dumps(records[2:]))
    images = str(toy_data / "images")
    sets = [RecipeDataset(images, "captions.json"), RecipeDataset(images, "more.json")]
    corpus = Corpus(tmp_path, sets, IMAGE_SIZE)
    drawn = draws(corpus, 4000, ASKING)
    lakes = Counter(one.answers[0] for one in drawn if "lakes or ponds" in one.prompt and "many" not in one.prompt)
    assert lakes.total() > 100
    assert lakes["yes"] / lakes.total() == pytest.approx(1 / 2, abs=0.1)


def test_annotated_object_questions_are_drawn_with_derived_ones(tmp_path: Path, toy_data: Path) -> None:
    """Two pools of one object with different draws would teach that trees are absent from forests."""
    record = {"scene": "lake", "captions": ["A tree", "One tree"]}
    records = [{"filename": f"{number}.png", **record} for number in range(6)]
    question = {"filename": "0.png", "question": "Does this picture contain trees?", "answer": "no", "type": "presence"}
    corpus = written(tmp_path, toy_data, records, [question])
    assert not any("presence" in sample.questions for sample in corpus.samples)
    trees = Counter(
        one.answers for one in draws(corpus, 2000, PromptMix(questions=1.0, objects=1.0)) if "tree" in one.prompt
    )
    assert trees[("yes",)] / trees.total() == pytest.approx(1 / 2, abs=0.05)


def test_the_mix_sets_the_share_of_zero_counts(tmp_path: Path, toy_data: Path) -> None:
    many = {"scene": "port", "captions": ["Two boats", "Two white boats", "There are two boats"]}
    none = {"scene": "lake", "captions": ["A lake", "One lake"]}
    records = [{"filename": f"{number}.png", **(many if number < 2 else none)} for number in range(12)]
    corpus = written(tmp_path, toy_data, records)
    drawn = draws(corpus, 6000, PromptMix(questions=1.0, objects=1.0, zeros=0.25))
    counts = Counter(one.answers[0] for one in drawn if one.answers[0] in {"two", "zero"})
    assert counts.total() > 200
    assert counts["zero"] / counts.total() == pytest.approx(1 / 4, abs=0.08)


def test_kinds_are_drawn_by_the_root_of_their_examples(tmp_path: Path, toy_data: Path) -> None:
    records = [{"filename": f"{number}.png", "scene": "lake", "captions": ["A lake"]} for number in range(9)]
    question = {"filename": "0.png", "question": "Where is the lake?", "answer": "left", "type": "position"}
    corpus = written(tmp_path, toy_data, records, [question])
    drawn = draws(corpus, 2000, PromptMix(questions=1.0, objects=0.0))
    assert sum(one.answers == ("left",) for one in drawn) / 2000 == pytest.approx(1 / 4, abs=0.05)


def test_detailed_descriptions_have_prompts_of_their_own(tmp_path: Path, toy_data: Path) -> None:
    record = {"filename": "0.png", "captions": ["A wide river.", "Green trees stand on both banks."]}
    brief = {"filename": "1.png", "captions": ["A road.", "A road."]}
    corpus = written(tmp_path, toy_data, [record, brief])
    drawn = draws(corpus, 1000, PromptMix(questions=0.0, details=0.2))
    detailed = [one for one in drawn if one.prompt in DETAIL_PROMPTS]
    assert len(detailed) / 1000 == pytest.approx(0.2, abs=0.05)
    assert {(one.picture, len(one.answers), one.answers[0].count(".")) for one in detailed} == {(0, 1, 2)}


def test_a_missing_picture_is_an_error(toy_data: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"99\.png is not one of the 12 files"):
        written(tmp_path, toy_data, [{"filename": "99.png", "captions": ["A road"]}])


def test_no_data() -> None:
    with pytest.raises(DataError, match=r"names no data.*\[\[train\]\]"):
        Corpus(Path(), [], IMAGE_SIZE)


def test_missing_images(toy_data: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        Corpus(toy_data, [RecipeDataset("nowhere", "captions.json")], IMAGE_SIZE)


def test_views_by_other_sensors_have_true_answers(toy_data: Path, tmp_path: Path) -> None:
    records = [{"filename": "0.png", "captions": ["A red roof on the left", "A roof"]}]
    (tmp_path / "captions.json").write_text(json.dumps(records))
    seen = RecipeDataset(str(toy_data / "images"), "captions.json", sensors=12)
    corpus = Corpus(tmp_path, [seen], IMAGE_SIZE)
    sample = corpus.samples[0]
    gray = {number for number in sample.views if sample.is_gray(number)}
    assert gray
    assert gray < set(sample.views)
    drawn = draws(corpus, 600, PromptMix(questions=0.5, objects=1.0, sentences=1))
    modes = {(one.view in gray, one.answers[0]) for one in drawn if "gray" in one.prompt}
    assert modes == {(True, "gray"), (False, "color")}
    red = [one.view for one in drawn if "A red roof on the left." in one.answers]
    assert not gray & set(red)
    assert max(red) >= VIEWS  # another sensor does not turn the picture
    assert gray & {one.view for one in drawn if one.answers == ("A roof.",)}
    number = min(gray)
    assert corpus.view(0, number).shape == corpus.pixels[0].shape
    assert not torch.equal(corpus.view(0, number), corpus.pixels[0])
    assert torch.equal(corpus.view(0, 0), corpus.pixels[0])


def test_captions_of_a_data_set_are_drawn_more_often(toy_data: Path) -> None:
    sets = [RecipeDataset("images", "captions.json"), RecipeDataset("images", "captions.json", captions_weight=3.0)]
    corpus = Corpus(toy_data, sets, IMAGE_SIZE)
    datasets = [corpus.samples[prompt.picture].dataset for prompt in draws(corpus, 2000, PromptMix(questions=0))]
    assert statistics.mean(datasets) == pytest.approx(0.75, abs=0.04)
    assert corpus.weights.sum().item() == pytest.approx(2)  # pictures, and so the encoder, are not affected


def test_captions_are_drawn_by_their_variety(toy_data: Path, tmp_path: Path) -> None:
    records = [
        {"filename": "0.png", "captions": ["A road", "A lane", "A path", "A track"]},
        {"filename": "1.png", "captions": ["A lake", "A lake", "a lake.", "A lake"]},
    ]
    corpus = written(tmp_path, toy_data, records)
    drawn = [one.picture for one in draws(corpus, 2000, PromptMix(questions=0.0))]
    assert drawn.count(0) / 2000 == pytest.approx(4 / 5, abs=0.04)


def test_the_ground_resolution_is_told_in_part_and_not_exactly(toy_data: Path) -> None:
    known = RecipeDataset("images", "captions.json", gsd_m=2.0)
    drawn = [one.gsd_m for one in draws(Corpus(toy_data, [known], IMAGE_SIZE), 1000)]
    told = [value for value in drawn if not math.isnan(value)]
    assert len(told) / 1000 == pytest.approx(0.6, abs=0.06)
    assert statistics.median(told) == pytest.approx(2.0 * max(picture(0).size) / IMAGE_SIZE, rel=0.06)
    assert len(set(told)) == len(told)
    unknown = draws(Corpus(toy_data, [SET], IMAGE_SIZE), 50)
    assert all(math.isnan(one.gsd_m) for one in unknown)


def test_a_data_set_without_pictures_is_an_error(tmp_path: Path, toy_data: Path) -> None:
    (tmp_path / "none.json").write_text("[]")
    with pytest.raises(DataError, match="has no pictures"):
        Corpus(tmp_path, [RecipeDataset(str(toy_data / "images"), "none.json")], IMAGE_SIZE)


def test_a_data_set_for_the_finder_alone_has_no_prompts(toy_data: Path) -> None:
    sets = [RecipeDataset("images", "captions.json"), RecipeDataset("images", "captions.json", weight=0.0)]
    drawn = draws(Corpus(toy_data, sets, IMAGE_SIZE), 200, PromptMix(questions=0.0))
    assert all(one.picture < 12 for one in drawn)
