"""Captions are split like the original tokenizer of the COCO tools does."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from rsgpt_backend.evaluate.caption_metrics import _original_tokenizer, tokenize_all
from rsgpt_backend.evaluate.tokens import tokenize


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("There is a piece of farmland .", "there is a piece of farmland"),
        ("Two planes, one car; a road: here!", "two planes one car a road here"),
        ("A snow-covered hill/ridge.", "a snow-covered hill/ridge"),
        ("It isn't the city's.", "it is n't the city 's"),
        ("They don't.", "they do n't"),
        ("There aren't, it seems, (isn't it?) any.", "there are n't it seems is n't it any"),
        ("You cannot see 1,000 or 2.5 trees", "you can not see 1,000 or 2.5 trees"),
        ('a "big" (red) roof?', "a big red roof"),
        ("  ", ""),
        ("...", ""),
    ],
)
def test_examples(text: str, words: str) -> None:
    assert tokenize(text) == words.split()


def test_tokenize_all() -> None:
    assert tokenize_all({3: ["A road.", "Trees !"], 5: [""]}) == {3: ["a road", "trees"], 5: [""]}


@pytest.mark.slow
def test_equal_to_the_original_on_real_captions(shared: Path) -> None:
    if shutil.which("java") is None:
        pytest.skip("Java, which the original tokenizer runs on, is not installed")
    sentences: set[str] = set()
    for name in ("ucm_captions_train", "rsicd_captions_train"):
        records = json.loads((shared / "data" / f"{name}.json").read_text("utf-8"))["annotations"]
        sentences.update(text for record in records for text in record["captions"])
    # The original spells out an unmatched bracket (-lrb-), which then counts as a word.
    even = sorted(text for text in sentences if not set(text) & set("()[]{}"))
    chosen = {number: [text] for number, text in enumerate(even[:: max(len(even) // 200, 1)][:200])}
    assert len(chosen) == 200
    assert tokenize_all(chosen) == _original_tokenizer()(chosen)
