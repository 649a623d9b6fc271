"""A report compares measured scores with published ones and their sources, and shows the worst cases."""

from __future__ import annotations

import io
import json
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

import pytest
from PIL import Image

from rsgpt_backend.errors import DataError
from rsgpt_backend.evaluate.calibration import calibration
from rsgpt_backend.evaluate.question_accuracy import summary
from rsgpt_backend.evaluate.report import contents as module
from rsgpt_backend.evaluate.report.blocks import Block, Figure, Heading, PictureCases, Table, TextBlock
from rsgpt_backend.evaluate.report.contents import WORST, contents
from rsgpt_backend.evaluate.result import EvaluationResult

Kind = TypeVar("Kind")


@pytest.fixture
def images(tmp_path: Path) -> Path:
    for number in range(20):
        Image.new("RGB", (600, 300), (number, 0, 0)).save(tmp_path / f"{number}.png")
    return tmp_path


def captions(images: Path, model: str = "small", benchmark: str = "UCM-Captions, test") -> EvaluationResult:
    answers = [
        {
            "filename": f"{n}.png",
            "caption": f"said {n}",
            "confidence": 0.5,
            "CIDEr": 100.0 - n,
            "references": [f"true {n}"],
        }
        for n in range(20)
    ]
    scores: dict[str, Any] = {"images": 20}
    scores |= {"BLEU-1": 50.0, "BLEU-4": 20.0, "METEOR": None, "ROUGE-L": 40.0, "CIDEr": 123.4}
    scores |= {"invented": 20.0, "recalled": 70.0, "calibration": calibration([0.5] * 20, [True] * 10 + [False] * 10)}
    intervals = {"ROUGE-L": [30.0, 50.0], "CIDEr": [110.0, 140.0]}
    return EvaluationResult(
        "captions", benchmark, model, "ab" * 32, str(images), {**scores, "intervals": intervals}, answers
    )


def questions(images: Path) -> EvaluationResult:
    answers = [
        {
            "filename": f"{n}.png",
            "question": f"q {n}",
            "answer": "yes",
            "kind": "presence",
            "given": "no" if n % 2 else "yes",
            "confidence": n / 20,
            "correct": n % 2 == 0,
        }
        for n in range(20)
    ]
    return EvaluationResult(
        "questions", "RSIEval", "small", "", str(images), {"questions": 20, **summary(answers)}, answers
    )


def of(kind: type[Kind], blocks: list[Block]) -> list[Kind]:
    return [block for block in blocks if isinstance(block, kind)]


@pytest.mark.parametrize(
    ("benchmark", "warned"),
    [("UCM-Captions, val", True), ("UCM-Captions, test", False), ("UCM-Captions", False), ("mine, val", False)],
)
def test_a_warning_if_published_scores_are_for_another_split(images: Path, benchmark: str, warned: bool) -> None:
    texts = [block.text for block in of(TextBlock, contents([captions(images, benchmark=benchmark)]))]
    assert any("test split" in text for text in texts) == warned


def test_measured_scores_are_listed_with_published_ones_and_sources(images: Path) -> None:
    table = of(Table, contents([captions(images), captions(images, "other")]))[0]
    assert table.header == ["Model", "BLEU-1", "BLEU-4", "METEOR", "ROUGE-L", "CIDEr", "invented", "recalled", "Source"]
    assert table.rows[0] == [
        "small",
        "50.0",
        "20.0",
        "-",
        "40.0 [30.0,\u00a050.0]",
        "123.4 [110.0,\u00a0140.0]",
        "20.0",
        "70.0",
        "measured",
    ]
    assert table.rows[1][0] == "other"
    paper = next(row for row in table.rows if row[0] == "RSGPT 13B")
    assert paper[5] == "333.2"
    assert "unverified" in paper[-1]


def test_each_benchmark_has_its_own_section(images: Path) -> None:
    blocks = contents([captions(images), captions(images, benchmark="my labels"), questions(images)])
    assert [block.text for block in of(Heading, blocks)] == [
        "Captions: UCM-Captions, test",
        "Captions: my labels",
        "Questions: RSIEval",
        "Worst cases: UCM-Captions, test, small",
        "Worst cases: my labels, small",
        "Worst cases: RSIEval, small",
    ]
    assert len(of(Table, blocks)[2].rows) == 1  # no scores are published for it
    assert len(of(Figure, blocks)) == 2 + 2 + 3
    assert any("expected calibration error" in block.text for block in of(TextBlock, blocks))


def test_the_worst_cases(images: Path) -> None:
    of_captions, of_questions = of(PictureCases, contents([captions(images), questions(images)]))
    assert [case.name for case in of_captions.items] == [f"{n}.png" for n in range(19, 19 - WORST, -1)]
    assert of_captions.items[0].lines == ["Caption: said 19", "Reference: true 19"]
    assert [case.name for case in of_questions.items] == [f"{n}.png" for n in range(19, 0, -2)]
    assert of_questions.items[0].lines == ["q 19", "Answer: no (confidence 95%)", "Correct answer: yes"]
    assert Image.open(io.BytesIO(of_captions.items[0].picture)).size == (256, 128)


def test_missing_pictures_are_reported(images: Path) -> None:
    moved = EvaluationResult(**{**vars(captions(images)), "images": str(images / "nowhere")})
    with pytest.raises(DataError, match="are missing. Restore them"):
        contents([moved])


def test_every_published_score_has_a_source() -> None:
    published = json.loads(files(module.__package__).joinpath("published.json").read_text("utf-8"))
    rows = [row for kind in ("captions", "questions") for group in published[kind].values() for row in group]
    assert len(rows) > 5
    assert all(row["model"] and row["source"] for row in rows)
    assert all(0 <= value < 400 for row in rows for value in row.values() if not isinstance(value, str))
