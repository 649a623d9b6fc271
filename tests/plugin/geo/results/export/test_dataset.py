"""A data set has the layout of RSICap and RSIEval, holds corrected answers, and replaces only its own kind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from qgis.core import QgsFeature, QgsProject, QgsVectorLayer
from qgis.PyQt.QtGui import QImage

from rsgpt_plugin.errors import OutputError
from rsgpt_plugin.geo.results.export.dataset import check_folder, write_dataset
from rsgpt_plugin.geo.results.schema import output_fields
from rsgpt_plugin.services.results.results_layer import ResultsLayer
from rsgpt_plugin.shared.answers.questions import parse_questions
from tests.plugin.corrections import check, correct
from tests.plugin.geo.results.export.exports import rows_to_export
from tests.plugin.results import fids, png, results_layer, sha256_of

CAPTION_PROMPT = "Describe this image."

pytestmark = pytest.mark.usefixtures("qgis_new_project")


def pictures(*numbers: int) -> dict[str, bytes]:
    return {sha256_of(number): png() for number in numbers}


def captions(folder: Path) -> list[dict[str, str]]:
    return list(json.loads((folder / "captions.json").read_text("utf-8"))["annotations"])


def questions(folder: Path) -> list[dict[str, Any]]:
    return list(json.loads((folder / "questions.json").read_text("utf-8")))


def asked_layer(lines: str, **values: Any) -> QgsVectorLayer:
    """Return a layer of one row about picture 0, with these questions and values."""
    layer = QgsVectorLayer("Polygon?crs=EPSG:32611", "asked", "memory")
    layer.dataProvider().addAttributes(output_fields(parse_questions(lines)))
    layer.updateFields()
    row = QgsFeature(layer.fields())
    for name, value in {"image_sha256": sha256_of(0), "prompt": lines, "status": "answered", **values}.items():
        row[name] = value
    layer.dataProvider().addFeatures([row])
    return layer


def clicked_layer(question: str, answer: str | None, prompt: str) -> QgsVectorLayer:
    """Return the layer of answers to clicks with one row about picture 0."""
    layer = ResultsLayer(QgsProject.instance())._create(QgsProject.instance().crs())
    row = QgsFeature(layer.fields())
    values = {"question": question, "answer": answer, "prompt": prompt, "image_sha256": sha256_of(0)}
    for name, value in values.items():
        row[name] = value
    layer.dataProvider().addFeatures([row])
    return layer


def test_a_data_set_has_the_layout_of_rsicap(tmp_path: Path) -> None:
    layer = results_layer(["a harbour", "a field", "no picture"])
    correct(layer, fids(layer)[1], "caption", "a meadow")
    check(layer, fids(layer)[1], "trees")
    assert write_dataset(rows_to_export(layer, pictures=pictures(0, 1)), tmp_path) == 1
    names = [f"{sha256_of(number)[:16]}.png" for number in (0, 1)]
    assert captions(tmp_path) == [
        {"filename": names[0], "text_input": CAPTION_PROMPT, "text_output": "a harbour"},
        {"filename": names[1], "text_input": CAPTION_PROMPT, "text_output": "a meadow", "reviewed": "corrected"},
    ]
    assert questions(tmp_path)[1]["qa_pairs"] == [
        {"question": "How many cars are there?", "answer": "1", "type": "count"},
        {"question": "Are there trees?", "answer": "no", "type": "presence", "reviewed": "checked"},
    ]
    assert QImage(str(tmp_path / "images" / names[0])).width() == 128
    assert sorted(path.name for path in (tmp_path / "images").iterdir()) == sorted(names)


def test_the_text_is_written_as_such_and_not_as_escapes(tmp_path: Path) -> None:
    write_dataset(rows_to_export(results_layer(["城市 é"]), pictures=pictures(0)), tmp_path)
    assert "城市 é" in (tmp_path / "captions.json").read_text("utf-8")


def test_a_picture_with_questions_keeps_its_caption(tmp_path: Path) -> None:
    write_dataset(rows_to_export(results_layer(["a harbour", None]), pictures=pictures(0, 1)), tmp_path)
    assert [entry["caption"] for entry in questions(tmp_path)] == ["a harbour", ""]
    assert [entry["text_output"] for entry in captions(tmp_path)] == ["a harbour"]


@pytest.mark.parametrize(
    ("line", "value", "pair"),
    [
        ("use[choice(farm|town)]: What is it?", "farm", ("What is it?", "farm", "other")),
        ("roof[text]: Which color [or material]: say", "red", ("Which color [or material]: say", "red", "other")),
        ("pool[yesno]: Is there a pool?", True, ("Is there a pool?", "yes", "presence")),
        ("cars[integer]: How many?", 0, ("How many?", "0", "count")),
    ],
)
def test_a_question_has_its_text_answer_and_type(
    tmp_path: Path, line: str, value: Any, pair: tuple[str, str, str]
) -> None:
    layer = asked_layer(line, **{line.partition("[")[0]: value})
    write_dataset(rows_to_export(layer, pictures=pictures(0)), tmp_path)
    (entry,) = questions(tmp_path)
    assert entry["qa_pairs"] == [dict(zip(("question", "answer", "type"), pair))]


def test_a_question_without_its_line_in_the_prompt_is_named_by_its_column(tmp_path: Path) -> None:
    layer = asked_layer("pool[yesno]: Is there a pool?", pool=False, prompt=CAPTION_PROMPT)
    write_dataset(rows_to_export(layer, pictures=pictures(0)), tmp_path)
    (entry,) = questions(tmp_path)
    assert entry["qa_pairs"] == [{"question": "pool", "answer": "no", "type": "presence"}]


def test_a_question_without_an_answer_is_left_out(tmp_path: Path) -> None:
    layer = asked_layer("pool[yesno]: a?\ncars[integer]: How many?", cars=3)
    write_dataset(rows_to_export(layer, pictures=pictures(0)), tmp_path)
    (entry,) = questions(tmp_path)
    assert [pair["question"] for pair in entry["qa_pairs"]] == ["How many?"]


def test_without_questions_the_file_of_an_earlier_export_is_removed(tmp_path: Path) -> None:
    write_dataset(rows_to_export(results_layer(["a"]), pictures=pictures(0)), tmp_path)
    assert (tmp_path / "questions.json").exists()
    write_dataset(rows_to_export(asked_layer("", caption="b"), pictures=pictures(0)), tmp_path)
    assert not (tmp_path / "questions.json").exists()
    assert [entry["text_output"] for entry in captions(tmp_path)] == ["b"]


def test_a_description_that_was_clicked_is_a_caption(tmp_path: Path) -> None:
    layer = clicked_layer(CAPTION_PROMPT, "a port", CAPTION_PROMPT)
    write_dataset(rows_to_export(layer, pictures=pictures(0)), tmp_path)
    filename = f"{sha256_of(0)[:16]}.png"
    assert captions(tmp_path) == [{"filename": filename, "text_input": CAPTION_PROMPT, "text_output": "a port"}]
    assert not (tmp_path / "questions.json").exists()


def test_a_question_that_was_clicked_is_a_question(tmp_path: Path) -> None:
    layer = clicked_layer("How many ships?", "3", "answer[integer]: How many ships?")
    write_dataset(rows_to_export(layer, pictures=pictures(0)), tmp_path)
    assert captions(tmp_path) == []
    (entry,) = questions(tmp_path)
    assert entry["qa_pairs"] == [{"question": "How many ships?", "answer": "3", "type": "count"}]


@pytest.mark.parametrize("value", ["../../../etc/passwd", "AB" * 32, "ab" * 31, "ab" * 32 + "\n", None])
def test_a_value_that_is_not_a_hash_names_no_file(tmp_path: Path, value: str | None) -> None:
    layer = asked_layer("", caption="a", image_sha256=value)
    stored = {str(value): png()}
    assert write_dataset(rows_to_export(layer, pictures=stored), tmp_path / "set") == 1
    assert list((tmp_path / "set" / "images").iterdir()) == []
    assert captions(tmp_path / "set") == []


def test_a_folder_that_cannot_be_made_is_named_with_advice(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"file.set cannot be written.*Choose another folder"):
        write_dataset(rows_to_export(results_layer(["a"]), pictures=pictures(0)), tmp_path / "file" / "set")


def test_an_own_data_set_may_be_replaced(tmp_path: Path) -> None:
    check_folder(tmp_path / "new")
    check_folder(tmp_path)
    write_dataset(rows_to_export(results_layer(["a"]), pictures=pictures(0)), tmp_path)
    check_folder(tmp_path)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("captions.json", '{"annotations": []}'),
        ("captions.json", '{"made_by": "somebody", "annotations": []}'),
        ("captions.json", "[1, 2]"),
        ("captions.json", "{"),
        ("questions.json", "[]"),
    ],
)
def test_another_data_set_may_not_be_replaced(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(OutputError, match=rf"{name} is not an RSGPT export.*Choose another folder"):
        check_folder(tmp_path)
