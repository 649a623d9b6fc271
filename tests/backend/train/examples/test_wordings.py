"""Files of marked questions, and the questions that are drawn from them."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from rsgpt_backend.errors import UsageError
from rsgpt_backend.model.heads.question_parser import QUESTION_KINDS, TAGS
from rsgpt_backend.train.examples.wordings import MarkedQuestion, Wordings
from rsgpt_backend.train.recipe import read_recipe

RECIPE = Path("backend/rsgpt_backend/train/recipes/rsgpt-small.toml").resolve()
LINES = """\
presence: Is there a [lake]?
presence: I am checking maps. Are there any {red} [cars]?
number: How many [islands] are {in the north}?
area: What is this?
other: What color is the roof?
"""


def wordings(folder: Path, text: str = LINES) -> Wordings:
    (folder / "a.txt").write_text(text, encoding="utf-8")
    return Wordings([folder / "a.txt"])


def test_parse() -> None:
    question = MarkedQuestion.parse("number: How many {White} [houses] are {by the lake}?")
    assert question.text == "how many white houses are by the lake?"
    marked = [(question.text[start:end], TAGS[tag]) for start, end, tag in question.spans]
    assert marked == [("white", "restriction"), ("houses", "thing"), ("by the lake", "restriction")]
    assert QUESTION_KINDS[question.kind] == "number"


def test_tags_of_tokens_that_start_with_a_space() -> None:
    question = MarkedQuestion.parse("presence: any {red} [cars]?")
    tokens = [(0, 3), (3, 7), (7, 10), (10, 12), (12, 13)]  # "any", " red", " ca", "rs", "?"
    assert [TAGS[tag] for tag in question.tags(tokens)] == ["outside", "restriction", "thing", "thing", "outside"]


@pytest.mark.parametrize(
    "line",
    [
        "where: Where is the [lake]?",
        "place: Where is the lake?",
        "place: Where are the [lake] and the [sea]?",
        "place: Where is the [lake?",
        "area: What is this [place]?",
        "presence:Is there a [lake]?",
        "presence: Is there a {red} {[car]}?",
        "",
        "place: Where in the picture that I sent to you this morning would I look for the [lake?",
    ],
)
def test_a_malformed_line_is_an_error(tmp_path: Path, line: str) -> None:
    with pytest.raises(UsageError, match="line 2, is not a marked question"):
        wordings(tmp_path, f"area: What is this?\n{line}\narea: And this?\n")


def test_no_lines_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No wordings"):
        wordings(tmp_path, "")


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "latin.txt").write_bytes(b"area: Qu'est-ce que c'est, \xe7a?\n")
    for name in ("latin.txt", "missing.txt"):
        with pytest.raises(UsageError, match="cannot be read"):
            Wordings([tmp_path / name])


def test_one_line_is_enough(tmp_path: Path) -> None:
    read = wordings(tmp_path, "area: What is this?\n")
    assert {read.draw(random.Random(seed)).kind for seed in range(200)} == {3, 4}


def test_drawn_questions_vary_and_keep_their_kind(tmp_path: Path) -> None:
    read, rng = wordings(tmp_path, LINES + "presence: Is there an [island]?\n"), random.Random(1)
    drawn = [read.draw(rng) for _ in range(600)]
    texts = {question.text for question in drawn}
    assert "is there an island?" in texts  # renamed with the article of a vowel
    assert "how many cars are in the north?" in texts  # a plural for a plural
    assert not any("a islands" in text or "many island " in text or "an lake" in text for text in texts)
    assert any(text.startswith("i am checking maps. is there") for text in texts)
    assert any(text.endswith("please.") for text in texts)
    shares = [sum(question.kind == kind for question in drawn) / 600 for kind in range(len(QUESTION_KINDS))]
    assert shares[QUESTION_KINDS.index("place")] == 0
    assert all(0.18 < share < 0.34 for share in shares if share)
    joined = [text for text in texts if text.count("?") == 2]
    assert all(question.kind == QUESTION_KINDS.index("other") for question in drawn if question.text in joined)


def test_drawing_is_repeatable(tmp_path: Path) -> None:
    read = wordings(tmp_path)
    first, second = ([read.draw(random.Random(seed)) for seed in range(20)] for _ in range(2))
    assert first == second


def test_wordings_of_the_recipe_are_well_formed() -> None:
    stage = read_recipe(RECIPE).question_parser
    learned, held_out = (Wordings([Path(name) for name in names]) for names in (stage.wordings, stage.held_out))
    assert len(learned.lines) > 3000
    assert len(held_out.lines) > 300
    texts = [{MarkedQuestion.parse(line).text.strip(" ?.!") for line in read.lines} for read in (learned, held_out)]
    assert not texts[0] & texts[1]
