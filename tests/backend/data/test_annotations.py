"""Reading annotation files in all layouts, and errors for wrong records."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rsgpt_backend.data.annotations import CaptionRecord, QuestionRecord, read_captions, read_questions
from rsgpt_backend.errors import DataError

RSIEVAL = [
    {
        "filename": "P1.png",
        "caption": "A port with ships.",
        "qa_pairs": [
            {"question": "How many ships?", "answer": "Four.", "type": "quantity"},
            {"question": "  ", "answer": "", "type": "presence"},
            {"question": "Is there water?", "answer": "Yes."},
        ],
    },
    {"filename": "P2.png", "caption": "A field.", "qa_pairs": []},
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "annotations.json"


def write(path: Path, data: Any) -> Path:
    path.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    return path


def test_captions_of_the_plain_layout(path: Path) -> None:
    records = [
        {"filename": "1.jpg", "captions": ["A road.", "Eine Straße."], "scene": "road", "image_id": "x"},
        {"filename": "2.jpg", "captions": ["A sea."]},
    ]
    assert read_captions(write(path, {"dataset": "d", "annotations": records})) == [
        CaptionRecord("1.jpg", ("A road.", "Eine Straße."), "road"),
        CaptionRecord("2.jpg", ("A sea.",), ""),
    ]


def test_captions_of_rsieval_s_layout(path: Path) -> None:
    assert read_captions(write(path, RSIEVAL)) == [
        CaptionRecord("P1.png", ("A port with ships.",)),
        CaptionRecord("P2.png", ("A field.",)),
    ]


def test_captions_of_rsicap_s_layout(path: Path) -> None:
    records = [{"image_id": "1", "filename": "P1.png", "text_input": "Describe it.", "text_output": "A port."}]
    assert read_captions(write(path, {"annotations": records})) == [
        CaptionRecord("P1.png", ("A port.",), prompt="Describe it.")
    ]


def test_questions_of_the_plain_layout(path: Path) -> None:
    records = [
        {"filename": "1.jpg", "question": "What is it?", "answer": "farmland", "type": "scene"},
        {"filename": "1.jpg", "question": "Any cars?", "answer": "no"},
    ]
    assert read_questions(write(path, {"annotations": records})) == [
        QuestionRecord("1.jpg", "What is it?", "farmland", "scene"),
        QuestionRecord("1.jpg", "Any cars?", "no", "other"),
    ]


def test_questions_of_rsieval_s_layout_without_empty_ones(path: Path) -> None:
    assert read_questions(write(path, RSIEVAL)) == [
        QuestionRecord("P1.png", "How many ships?", "Four.", "quantity"),
        QuestionRecord("P1.png", "Is there water?", "Yes.", "other"),
    ]


@pytest.mark.parametrize("content", [None, b"", b"{", b"\xff\xfe\x00"])
@pytest.mark.parametrize("read", [read_captions, read_questions])
def test_a_file_that_is_not_json_is_refused(path: Path, content: bytes | None, read: Any) -> None:
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match="not a readable annotation file"):
        read(path)


@pytest.mark.parametrize("data", [{}, {"annotations": None}, 3, "text", ["a", "b"], {"annotations": [1]}, None])
@pytest.mark.parametrize("read", [read_captions, read_questions])
def test_json_without_annotations_is_refused(path: Path, data: Any, read: Any) -> None:
    with pytest.raises(DataError, match=r"has no list of annotations\. Choose a caption or question file"):
        read(write(path, data))


@pytest.mark.parametrize(
    ("record", "sentence"),
    [
        ({"captions": ["a"]}, "lacks the text 'filename'"),
        ({"filename": 3, "captions": ["a"]}, "lacks the text 'filename'"),
        ({"filename": "1.jpg"}, "lacks the text 'caption'"),
        ({"filename": "1.jpg", "captions": []}, "lacks the text 'caption'"),
        ({"filename": "1.jpg", "captions": "A road."}, "something other than a list"),
        ({"filename": "1.jpg", "captions": ["A road.", None]}, "something other than a list"),
    ],
)
def test_a_wrong_caption_record_is_refused(path: Path, record: Any, sentence: str) -> None:
    with pytest.raises(DataError, match=sentence) as caught:
        read_captions(write(path, [{"filename": "0.jpg", "captions": ["fine"]}, record]))
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("record", "sentence"),
    [
        ({"question": "q", "answer": "a"}, "lacks the text 'filename'"),
        ({"filename": "1.jpg", "answer": "a"}, "lacks the text 'question'"),
        ({"filename": "1.jpg", "question": "q", "answer": 4}, "lacks the text 'answer'"),
        ({"filename": "1.jpg", "qa_pairs": [{"question": "q"}]}, "lacks the text 'answer'"),
        ({"filename": "1.jpg", "qa_pairs": None}, "something other than a list"),
        ({"filename": "1.jpg", "qa_pairs": ["q"]}, "something other than a list"),
    ],
)
def test_a_wrong_question_record_is_refused(path: Path, record: Any, sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        read_questions(write(path, [record]))


@pytest.mark.parametrize(("name", "pictures"), [("ucm_captions_val", 210), ("rsicd_captions_val", 1094)])
def test_shared_caption_files_are_read(shared: Path, name: str, pictures: int) -> None:
    records = read_captions(shared / "data" / f"{name}.json")
    assert len({record.filename for record in records}) == len(records) == pictures
    assert all(record.scene and len(record.captions) == 5 for record in records)


def test_shared_question_files_are_read(shared: Path) -> None:
    questions = read_questions(shared / "data" / "ucm_vqa_val.json")
    assert {"presence", "scene", "quantity"} <= {question.kind for question in questions}


def test_choices_and_ground_resolution(path: Path) -> None:
    pair = {"question": "What is it?", "answer": "lake", "type": "scene", "choices": ["lake", "road"]}
    write(path, [{"filename": "a.png", "gsd_m": 0.3, "qa_pairs": [pair]}])
    assert read_questions(path) == [QuestionRecord("a.png", "What is it?", "lake", "scene", (), ("lake", "road"), 0.3)]
    with pytest.raises(DataError, match="gsd_m is not a positive number"):
        read_questions(write(path, [{"filename": "a.png", "gsd_m": 0, "qa_pairs": [pair]}]))
