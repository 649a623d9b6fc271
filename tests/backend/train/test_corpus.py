"""Draws depend on seed and number alone, and never show a sentence beside a picture that it is not true of."""

from __future__ import annotations

import itertools
import json
import random
from collections import Counter
from pathlib import Path

import pytest
import torch

from rsgpt_backend.errors import DataError
from rsgpt_backend.model.vision import to_bytes
from rsgpt_backend.train.corpus import BUCKET, GROUNDED, Corpus, Drawn
from rsgpt_backend.train.questions import CAPTION_PROMPTS
from rsgpt_backend.train.recipe import Dataset
from rsgpt_backend.train.texts import is_oriented
from tests.backend.toy import IMAGE_SIZE, picture

SET = Dataset("images", "captions.json", "questions.json")


@pytest.fixture(scope="module")
def corpus(toy_data: Path) -> Corpus:
    return Corpus(toy_data, [SET], IMAGE_SIZE)


def draws(corpus: Corpus, count: int, views: int = 8, questions_per_image: int = 1) -> list[Drawn]:
    rng = random.Random(1)
    return [corpus.draw(rng, views, questions_per_image) for _ in range(count)]


def test_pictures_are_in_the_order_of_their_names(corpus: Corpus) -> None:
    assert corpus.filenames == [f"{number}.png" for number in range(12)]
    assert torch.equal(corpus.pixels, to_bytes([picture(number) for number in range(12)], IMAGE_SIZE))


def test_sentences_are_cleaned(corpus: Corpus) -> None:
    caption = corpus.subjects[0].caption
    assert caption is not None
    assert caption.answers == (
        "There is a river.",
        "A river with two bridges.",
        "On the left a river with two bridges.",
    )


def test_questions_of_one_answer_stay_with_their_pictures(corpus: Corpus) -> None:
    questions = corpus.subjects[0].questions
    assert {"scene", "presence", "quantity"} <= set(questions)
    assert not any(example.prompts == ("Is there any water?",) for example in questions["presence"])


def test_two_data_sets_are_joined_and_told_apart(toy_data: Path) -> None:
    both = Corpus(toy_data, [SET, Dataset("images", "captions.json")], IMAGE_SIZE)
    assert [subject.dataset for subject in both.subjects] == [0] * 12 + [1] * 12
    assert len(both.pixels) == 24


def test_batches_repeat_by_their_seed(corpus: Corpus, toy_data: Path) -> None:
    def three(seed: int, source: Corpus) -> list[list[list[Drawn]]]:
        return list(itertools.islice(source.buckets(seed, 4, 8, 1), 3))

    again = Corpus(toy_data, [SET], IMAGE_SIZE)
    assert three(5, corpus) == three(5, again)
    assert three(5, corpus) != three(6, corpus)
    first, second, _ = three(5, corpus)
    assert first != second


def test_a_batch_holds_prompts_of_like_length(corpus: Corpus) -> None:
    bucket = next(corpus.buckets(1, 6, 8, 1))
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
    (tmp_path / "captions.json").write_text(json.dumps([record]))
    corpus = Corpus(tmp_path, [Dataset(str(toy_data / "images"), "captions.json")], IMAGE_SIZE)
    captions = [one for one in draws(corpus, 60, questions_per_image=0) if one.prompt in CAPTION_PROMPTS]
    assert {(one.view, one.answers) for one in captions} == {(0, ("A river on the left.",))}


@pytest.mark.parametrize(("questions_per_image", "share"), [(0, 1.0), (1, 1 / 2), (3, 1 / 4)])
def test_captions_and_questions_in_proportion(corpus: Corpus, questions_per_image: int, share: float) -> None:
    drawn = draws(corpus, 1500, questions_per_image=questions_per_image)
    assert sum(one.prompt in CAPTION_PROMPTS for one in drawn) / 1500 == pytest.approx(share, abs=0.05)


def test_an_object_is_asked_for_as_often_where_it_is_as_where_it_is_not(corpus: Corpus) -> None:
    drawn = draws(corpus, 3000, questions_per_image=10**9)
    water = Counter(one.answers[0] for one in drawn if one.prompt == "Is there any water?")
    assert water.total() / len(drawn) == pytest.approx(GROUNDED, abs=0.05)  # the one question with both answers
    assert water["yes"] / water.total() == pytest.approx(1 / 2, abs=0.05)


def test_the_other_kinds_of_a_picture_are_drawn_alike(corpus: Corpus) -> None:
    forms = {
        prompt: kind
        for kind, examples in corpus.subjects[0].questions.items()
        for example in examples
        for prompt in example.prompts
    }
    drawn = draws(corpus, 12_000, questions_per_image=10**9)
    own = [one for one in drawn if one.picture == 0 and one.prompt != "Is there any water?"]
    kinds = Counter(forms[one.prompt] for one in own if one.prompt in forms)
    assert max(kinds.values()) < 1.5 * min(kinds.values())


def test_a_picture_that_is_not_there(toy_data: Path, tmp_path: Path) -> None:
    (tmp_path / "captions.json").write_text(json.dumps([{"filename": "99.png", "captions": ["A road"]}]))
    with pytest.raises(DataError, match=r"99\.png is not among the 12 given"):
        Corpus(tmp_path, [Dataset(str(toy_data / "images"), "captions.json")], IMAGE_SIZE)


def test_no_data() -> None:
    with pytest.raises(DataError, match=r"names no data.*\[\[train\]\]"):
        Corpus(Path(), [], IMAGE_SIZE)


def test_missing_images(toy_data: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        Corpus(toy_data, [Dataset("nowhere", "captions.json")], IMAGE_SIZE)
