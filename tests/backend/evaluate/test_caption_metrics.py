"""The caption metrics on texts with known scores, with and without Java."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from rsgpt_backend.engine.engine import Engine
from rsgpt_backend.errors import DataError
from rsgpt_backend.evaluate import caption_metrics
from rsgpt_backend.evaluate.ask_all import AskOptions
from rsgpt_backend.evaluate.caption_metrics import evaluate, score
from rsgpt_backend.evaluate.object_support import compare_objects
from rsgpt_backend.predictor import Answer, Ask

REFERENCES = {
    0: ["There is a piece of green farmland.", "It is a large piece of cropland."],
    1: ["Two planes are parked near the terminal building.", "There are two planes at the airport."],
    2: ["A river runs through the dense forest.", "Many green trees are on both sides of a river."],
}
PERFECT = {0: [REFERENCES[0][0]], 1: [REFERENCES[1][1]], 2: [REFERENCES[2][0]]}
NONSENSE = {0: ["zebra umbrella quartz"], 1: ["guitar spoon lemon"], 2: ["violin pencil stapler"]}
NAMES = ["BLEU-1", "BLEU-2", "BLEU-3", "BLEU-4", "METEOR", "ROUGE-L", "CIDEr"]


@pytest.fixture
def no_java(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)


def test_a_perfect_match(no_java: None) -> None:
    found, _ = score(REFERENCES, PERFECT)
    assert list(found) == NAMES
    assert [found[f"BLEU-{size}"] for size in (1, 2, 3, 4)] == [100.0] * 4
    assert found["ROUGE-L"] == 100.0
    assert found["CIDEr"] is not None
    assert found["CIDEr"] > 300
    assert found["METEOR"] is None


def test_nonsense(no_java: None) -> None:
    found, _ = score(REFERENCES, NONSENSE)
    assert found["BLEU-1"] is not None
    assert found["BLEU-1"] < 0.01
    assert (found["BLEU-4"], found["ROUGE-L"], found["CIDEr"]) == (0.0, 0.0, 0.0)


def test_each_picture_s_score_adds_up_to_the_mean(no_java: None) -> None:
    found, each = score(REFERENCES, {**PERFECT, 2: NONSENSE[2]})
    assert list(each) == ["ROUGE-L", "CIDEr"]
    for name, values in each.items():
        assert values[0] > values[2] == 0
        assert sum(values) / 3 == pytest.approx(found[name], abs=0.01)


def test_a_partial_match_by_hand(no_java: None) -> None:
    found, _ = score({0: ["a b c d"]}, {0: ["a b x d"]})
    assert found["BLEU-1"] == pytest.approx(75, abs=0.01)
    assert found["BLEU-2"] == pytest.approx(100 * (3 / 4 * 1 / 3) ** 0.5, abs=0.01)
    assert found["ROUGE-L"] == pytest.approx(75, abs=0.01)


def test_case_and_punctuation_do_not_count(no_java: None) -> None:
    loud = {key: [text.upper().rstrip(".") + " !!" for text in texts] for key, texts in PERFECT.items()}
    assert score(REFERENCES, loud) == score(REFERENCES, PERFECT)


@pytest.mark.slow
def test_with_java() -> None:
    if shutil.which("java") is None:
        pytest.skip("Java, which METEOR runs on, is not installed")
    found, _ = score(REFERENCES, {**PERFECT, 2: NONSENSE[2]})
    assert list(found) == NAMES
    assert found["METEOR"] is not None
    assert 50 < found["METEOR"] < 80  # two of three are perfect


@pytest.mark.slow
def test_a_failure_of_java_is_reported_without_waiting() -> None:
    if shutil.which("java") is None:
        pytest.skip("Java, which METEOR runs on, is not installed")
    from pycocoevalcap.meteor.meteor import Meteor

    scorer = Meteor()
    scorer.meteor_p.kill()
    scorer.meteor_p.wait()
    with pytest.raises(DataError, match="METEOR's Java program failed"):
        caption_metrics._meteor(scorer, {0: ["a road"]}, {0: ["a road"]})
    assert not scorer.lock.locked()


def test_a_missing_package_is_reported(no_java: None, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "pycocoevalcap.bleu.bleu", None)
    with pytest.raises(DataError, match=r"pycocoevalcap is missing\. Add the group `evaluate`"):
        score(REFERENCES, PERFECT)


def test_a_model_is_scored(engine: Engine, toy_data: Path, no_java: None) -> None:
    scores, rows = evaluate(engine, toy_data / "images", toy_data / "captions.json", AskOptions(5))
    assert list(scores) == ["images", *NAMES, "invented", "recalled", "intervals", "calibration", "seconds"]
    assert scores["images"] == len(rows) == 5
    assert rows[0]["filename"] == "0.png"
    assert rows[0]["references"][0] == "There is a river"
    assert isinstance(rows[0]["caption"], str)
    assert 0 <= rows[0]["confidence"] <= 1
    assert rows[0]["invented"] == list(compare_objects(rows[0]["caption"], rows[0]["references"]).invented)
    low, high = scores["intervals"]["CIDEr"]
    assert low <= sum(one["CIDEr"] for one in rows) / 5 <= high


def test_a_custom_prompt(engine: Engine, toy_data: Path, no_java: None, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, int]] = []
    answer = engine.answer

    def watched(asks: Sequence[Ask]) -> list[Answer]:
        asked.extend((a.prompt, a.beams) for a in asks)
        return answer(asks)

    monkeypatch.setattr(engine, "answer", watched)
    evaluate(engine, toy_data / "images", toy_data / "captions.json", AskOptions(2, beams=2, prompt="gray"))
    evaluate(engine, toy_data / "images", toy_data / "captions.json", AskOptions(1))
    assert asked == [("gray", 2)] * 2 + [(engine.caption_prompt, 0)]


def test_captions_are_scored_as_returned(
    engine: Engine, toy_data: Path, no_java: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[Any, ...]] = []

    def scored(*given: Any) -> Any:
        seen.append(given)
        return {}, {"CIDEr": [0.0] * 12}

    monkeypatch.setattr(caption_metrics, "score", scored)
    _, rows = evaluate(engine, toy_data / "images", toy_data / "captions.json", AskOptions())
    ((references, given),) = seen
    assert given == {number: [record["caption"]] for number, record in enumerate(rows)}
    assert references == {number: record["references"] for number, record in enumerate(rows)}


def test_no_records(engine: Engine, toy_data: Path, tmp_path: Path) -> None:
    (tmp_path / "none.json").write_text("[]")
    with pytest.raises(DataError, match="holds no captions"):
        evaluate(engine, toy_data / "images", tmp_path / "none.json", AskOptions())
