"""Pictures described by hand: captions, kinds of areas, presence, and choices that exclude what may be true."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rsgpt_backend.errors import DataError
from rsgpt_backend.train.examples.described_pictures import DescribedPicture, read_descriptions
from rsgpt_plugin.shared.vocabulary.kinds import groups_of

ROW: dict[str, Any] = {
    "filename": "a.png",
    "text_input": "Describe this image in detail.",
    "text_output": "A gray street runs along the left edge. Two cars stand on it.",
    "short": "A street with two cars.",
    "kind": ["street", "road"],
    "presence": {"cars": "yes", "water": "no", "trees": "unclear"},
}


def read(path: Path, *rows: object) -> list[DescribedPicture]:
    path.write_text(json.dumps({"annotations": list(rows)}))
    return read_descriptions(path)


def test_unclear_things_are_left_out(tmp_path: Path) -> None:
    (picture,) = read(tmp_path / "a.json", ROW)
    assert picture.presence == {"car": True, "water": False}
    answers = {one.prompts[0]: one.answers[0] for one in picture.questions() if one.kind == "presence"}
    assert answers == {"Are there any cars?": "yes", "Are there any vehicles?": "yes", "Is there any water?": "no"}


def test_both_captions_become_answers(tmp_path: Path) -> None:
    (picture,) = read(tmp_path / "a.json", ROW)
    assert (picture.caption.answers, picture.caption.oriented) == (("A street with two cars.",), False)
    assert (picture.detail.answers, picture.detail.oriented) == ((ROW["text_output"],), True)


def test_all_names_of_the_kind_are_answers_and_no_rival_may_be_true(tmp_path: Path) -> None:
    (picture,) = read(tmp_path / "a.json", ROW)
    kinds = {one.kind: one for one in picture.questions()}
    assert kinds["described kind"].answers == ("street", "road")
    for prompt in kinds["choice"].prompts:
        options = prompt.removesuffix(".").partition(" Choose one of: ")[2].split(", ")
        assert "street" in options
        assert 2 <= len(options) <= 7
        assert all(not groups_of([option]) & {"road", "city", "parking"} for option in options if option != "street")


@pytest.mark.parametrize("row", [{"filename": "a.png"}, "text", {**ROW, "presence": ["cars"]}])
def test_a_wrong_record_is_an_error_with_the_file(tmp_path: Path, row: object) -> None:
    with pytest.raises(DataError, match=r"a\.json is not a readable file of descriptions"):
        read(tmp_path / "a.json", row)
