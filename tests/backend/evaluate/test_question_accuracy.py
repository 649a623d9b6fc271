"""Answers are compared without regard to case, articles, and the spelling of numbers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rsgpt_backend.engine.engine import Engine
from rsgpt_backend.errors import DataError
from rsgpt_backend.evaluate.ask_all import AskOptions
from rsgpt_backend.evaluate.question_accuracy import evaluate, normalized
from rsgpt_backend.predictor import Answer


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Yes.", "yes"),
        ("The farmland", "farmland"),
        ("two", "2"),
        ("Twenty planes!", "20 planes"),
        ("a  river,  an island", "river island"),
        ("Zero", "0"),
        ("medium-residential", "Medium-residential."),
    ],
)
def test_the_same_answer(one: str, other: str) -> None:
    assert normalized(one) == normalized(other)


@pytest.mark.parametrize(("one", "other"), [("yes", "no"), ("2", "12"), ("a road", "roads"), ("", "no"), ("an", "no")])
def test_another_answer(one: str, other: str) -> None:
    assert normalized(one) != normalized(other)


def test_articles_inside_words_stay() -> None:
    assert normalized("The theatre and a banana") == "theatre and banana"


@pytest.fixture
def scripted(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """An engine that answers with the last word of its prompt."""
    monkeypatch.setattr(
        engine,
        "answer",
        lambda asks: [Answer(ask.prompt.split()[-1], (), 1.0, "stop", False, 1) for ask in asks],
    )
    return engine


def test_accuracy_by_kind_and_over_all(scripted: Engine, toy_data: Path, tmp_path: Path) -> None:
    asked = [("say yes", "Yes", "presence"), ("say no", "yes", "presence"), ("say 2", "two", "count")]
    asked += [("say the road", "road", "scene")] * 2
    records = [
        {"filename": "0.png", "question": question, "answer": answer, "type": kind} for question, answer, kind in asked
    ]
    (tmp_path / "a.json").write_text(json.dumps(records))
    scores, rows = evaluate(scripted, toy_data / "images", tmp_path / "a.json", AskOptions())
    assert scores["questions"] == 5
    assert scores["accuracy"] == {"count": 100.0, "presence": 50.0, "scene": 100.0, "average": 80.0}
    assert list(scores) == ["questions", "accuracy", "intervals", "calibration", "seconds"]
    assert scores["intervals"]["average"] == [80.0, 80.0]  # a single picture: no variation
    assert scores["calibration"]["ece"] == 20.0
    assert rows[1] == {
        "filename": "0.png", "question": "say no", "answer": "yes", "kind": "presence", "given": "no",
        "form": "", "confidence": 1.0, "correct": False,
    }  # fmt: skip


def test_other_correct_answers_count(scripted: Engine, toy_data: Path, tmp_path: Path) -> None:
    record = {"filename": "0.png", "question": "say lake", "answer": "pond", "other_answers": ["Lake", "tarn"]}
    (tmp_path / "a.json").write_text(json.dumps([record, {**record, "question": "say river"}]))
    _, rows = evaluate(scripted, toy_data / "images", tmp_path / "a.json", AskOptions())
    assert [one["correct"] for one in rows] == [True, False]


def test_a_model_is_scored(engine: Engine, toy_data: Path) -> None:
    scores, rows = evaluate(engine, toy_data / "images", toy_data / "questions.json", AskOptions(4))
    assert (scores["questions"], len(rows)) == (4, 4)
    assert [record["filename"] for record in rows] == ["0.png", "3.png", "6.png", "9.png"]


def test_no_questions(engine: Engine, toy_data: Path, tmp_path: Path) -> None:
    (tmp_path / "none.json").write_text("[]")
    with pytest.raises(DataError, match="holds no questions"):
        evaluate(engine, toy_data / "images", tmp_path / "none.json", AskOptions())
