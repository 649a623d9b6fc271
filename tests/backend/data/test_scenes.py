"""Questions about pictures in folders: the answer is the name of the folder, or given names."""

from __future__ import annotations

from pathlib import Path

import pytest

from rsgpt_backend.data.annotations import QuestionRecord
from rsgpt_backend.data.scenes import QUESTION, scene_questions
from rsgpt_backend.errors import DataError


@pytest.fixture
def images(tmp_path: Path) -> Path:
    for name in ("golfcourse/g1.jpg", "golfcourse/g2.PNG", "cIndustry/c1.tif", "cIndustry/notes.txt", "README.md"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    return tmp_path


def test_the_answer_is_the_scene_of_the_folder_in_words(images: Path) -> None:
    assert scene_questions(images, {"cIndustry": ["industrial area", "factory"]}, QUESTION) == [
        QuestionRecord("c1.tif", QUESTION, "industrial area", "cIndustry", ("factory",)),
        QuestionRecord("g1.jpg", QUESTION, "golf course", "golfcourse"),
        QuestionRecord("g2.PNG", QUESTION, "golf course", "golfcourse"),
    ]


def test_a_name_for_a_missing_folder_is_refused(images: Path) -> None:
    with pytest.raises(DataError, match="no pictures in a folder dRiver"):
        scene_questions(images, {"dRiver": ["river"]}, QUESTION)


def test_two_pictures_with_the_same_name_are_refused(images: Path) -> None:
    (images / "cIndustry" / "g1.jpg").touch()
    with pytest.raises(DataError, match=r"have the same name\. Rename one"):
        scene_questions(images, {}, QUESTION)
