"""Questions are read as the plugin reads them: its own tests say what is right, these that both say the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rsgpt_backend.batch import questions as ours
from rsgpt_backend.errors import UsageError
from rsgpt_plugin.core import questions as plugins
from rsgpt_plugin.errors import QuestionError

LINES = [
    "What is here?",
    "land_use: What is the land use?",
    "cars[integer]: How many cars?",
    "  cars [ Integer ] : How many?",
    "[yesno]: Is there water?",
    "use[choice(city | open land|water)]: Which?",
    "is it 10:30 here?",
    "Is the roof [red]?",
    "Are there cars (or trucks)?",
    "cars[number]: How many?",
    "cars(integer): How many?",
    "cars[integer: How many?",
    "cars[integer]:",
    "caption: What?",
    "use[choice(a)]: Which?",
    "use[choice(a|A)]: Which?",
    "1a[text]: What?",
    f"{'n' * 49}[text]: What?",
    "x" * 2001,
]
PIECES = st.sampled_from(
    ["a", "b_confidence", "[", "]", "(", ")", ":", " ", "text", "yes/no", "yesno", "integer", "choice(a|b)", "?", "é"]
)  # fmt: skip


def read_by_plugin(text: str) -> list[tuple[str, str, str]] | None:
    try:
        return [(one.line, one.prompt, one.type.value) for one in plugins.parse_questions(text)]
    except QuestionError:
        return None


def read_by_us(lines: list[str]) -> list[tuple[str, str, str]] | None:
    try:
        return [(one.line, one.prompt, one.type.value) for one in ours.parse_questions(lines)]
    except UsageError:
        return None


@pytest.mark.parametrize("line", LINES)
def test_a_line_is_read_as_the_plugin_reads_it(line: str) -> None:
    assert read_by_us([line]) == read_by_plugin(line)


@given(st.lists(st.lists(PIECES, max_size=8).map("".join), max_size=3))
def test_any_lines_are(lines: list[str]) -> None:
    assert read_by_us(lines) == read_by_plugin("\n".join(lines))


def test_names_follow_the_questions_and_clash_with_none() -> None:
    assert [one.name for one in ours.parse_questions(["first", "", "second"])] == ["q1", "q2"]
    with pytest.raises(UsageError, match="earlier question"):
        ours.parse_questions(["a[text]: What?", "A_confidence[text]: What?"])


def test_our_own_column_is_reserved_too() -> None:
    assert plugins.RESERVED_NAMES | {"raster"} == ours.RESERVED_NAMES
    with pytest.raises(UsageError, match="'raster\\[text\\]: What\\?' cannot be read: the column `raster` is used"):
        ours.parse_questions(["raster[text]: What?"])
