"""Parsing of question lines and its error messages."""

from __future__ import annotations

import pytest

from rsgpt_plugin.errors import QuestionError
from rsgpt_plugin.shared.answers.answer_types import AnswerType, types_help
from rsgpt_plugin.shared.answers.questions import (
    Question,
    check_questions,
    is_default_name,
    on_one_line,
    parse_line,
    parse_question,
    parse_questions,
)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("What is here?", Question("q1", "What is here?")),
        ("land_use: What is the land use?", Question("land_use", "What is the land use?")),
        ("cars[integer]: How many cars?", Question("cars", "How many cars?", AnswerType.INTEGER)),
        ("  cars [ Integer ] : How many?", Question("cars", "How many?", AnswerType.INTEGER)),
        ("[yesno]: Is there water?", Question("q1", "Is there water?", AnswerType.YESNO)),
        (
            "use[choice(city | open land|water)]: Which?",
            Question("use", "Which?", AnswerType.CHOICE, ("city", "open land", "water")),
        ),
        ("Größe[text]: Wie groß?", Question("Größe", "Wie groß?")),
        ("is it 10:30 here?", Question("q1", "is it 10:30 here?")),
        ("Is the roof [red]?", Question("q1", "Is the roof [red]?")),
    ],
)
def test_a_line_is_read(line: str, expected: Question) -> None:
    assert parse_questions(line) == [expected]


def test_empty_lines_are_skipped_and_unnamed_questions_are_numbered() -> None:
    questions = parse_questions("\nfirst one\n\n  \nsecond one\n")
    assert [(q.name, q.text) for q in questions] == [("q1", "first one"), ("q2", "second one")]


@pytest.mark.parametrize("text", ["Is [this] a city?", "Are there cars (or trucks)?", "Which (see above): a or b?"])
def test_brackets_inside_a_plain_question_are_text(text: str) -> None:
    (question,) = parse_questions(text)
    assert (question.name, question.text) == ("q1", text)


def test_questions_survive_writing_and_parsing() -> None:
    text = "a[yesno]: Is it?\nb[integer]: How many?\nc[choice(x|y z)]: Which?\nd[text]: What?"
    questions = parse_questions(text)
    assert "\n".join(question.line for question in questions) == text
    assert parse_questions("\n".join(question.line for question in questions)) == questions


def test_the_prompt_of_a_choice_names_its_options() -> None:
    (question,) = parse_questions("use[choice(city|water)]: What is it?")
    assert question.prompt == "What is it? Choose one of: city, water."


@pytest.mark.parametrize(
    ("text", "line", "hint"),
    [
        ("a: fine\ncars[nosuchtype]: How many?", 2, f"types {types_help()},"),
        ("cars[integer: How many?", 1, "not a name and a type"),
        ("cars[integer] How many?", 1, "not a name and a type"),
        ("my cars[integer]: How many?", 1, "not a name and a type"),
        ("cars-count[integer]: How many?", 1, "not a name and a type"),
        ("- cars[integer]: How many?", 1, "not a name and a type"),
        ('"cars"[integer]: How many?', 1, "not a name and a type"),
        ("cars(integer): How many?", 1, "not a name and a type"),
        ("use{choice(a|b)}: Which?", 1, "not a name and a type"),
        ("cars[integer]:  ", 1, "missing"),
        ("use[choice(only)]: Which?", 1, "at least two"),
        ("use[choice(a||b)]: Which?", 1, "none may be empty"),
        ("use[choice(a|A)]: Which?", 1, "twice"),
        ("a: one\n\nA: two", 3, "earlier line"),
        ("a: one\na_confidence: two", 2, "earlier line"),
        ("caption[text]: What?", 1, "another name"),
        ("Status[text]: What?", 1, "another name"),
        ("2cars[integer]: How many?", 1, "column name"),
        ("x" * 60 + "[text]: What?", 1, "column name"),
        ("why " * 600, 1, "shorten"),
    ],
)
def test_the_error_names_the_line_and_the_correction(text: str, line: int, hint: str) -> None:
    with pytest.raises(QuestionError) as caught:
        parse_questions(text)
    assert str(caught.value).startswith(f"Question line {line} ")
    assert hint in str(caught.value)


@pytest.mark.parametrize(
    "second",
    ["cars[integer]: How many cars?", "use [ choice(city|forest) ] : Which?", "a[yes/no]: Is it?", "b[TEXT]: What?"],
)
@pytest.mark.parametrize("first", ["What is it? ", "water[yesno]: Is there any water? ", "use: What use? "])
def test_two_questions_on_one_line_are_refused(first: str, second: str) -> None:
    with pytest.raises(QuestionError, match=r"line 2 .*a second question, `\w+ ?\[.*`; write each question on its own"):
        parse_questions(f"one\n{first}{second}")


@pytest.mark.parametrize("second", ["cars[integer]: How many?", "[yesno]: Is it?", "use [ choice(a|b) ] : Which?"])
@pytest.mark.parametrize("between", [";", " ; ", ";\t"])
def test_a_semicolon_separates_questions(second: str, between: str) -> None:
    joined = parse_questions(f"water[yesno]: Is there water?{between}{second};")
    apart = parse_questions(f"water[yesno]: Is there water?\n{second};")
    assert joined == apart
    assert len(joined) == 2


def test_unnamed_questions_on_one_line_are_numbered() -> None:
    names = [question.name for question in parse_questions("What is it?; [yesno]: Is it big?;;[integer]: How many?")]
    assert names == ["q1", "q2", "q3"]


@pytest.mark.parametrize(
    "text", ["Is it a ship; or a boat?", "Is it red?; is it blue?", "Which; use: or type?", "a; b [see above] c"]
)
def test_a_semicolon_in_a_question_is_text_also_in_a_stored_line(text: str) -> None:
    question = Question("kind", text)
    assert parse_questions(question.line) == [question]
    assert parse_questions(text)[0].text == text


def test_a_misspelled_type_after_a_semicolon_is_refused() -> None:
    with pytest.raises(QuestionError, match="the type `integr2` is unknown"):
        parse_questions("water[yesno]: Is there water?; cars[integr2]: How many?")


def test_choices_are_separated_by_bars_or_else_by_commas() -> None:
    (question,) = parse_questions("use[choice(city, open land)]: Which?")
    assert question.line == "use[choice(city|open land)]: Which?"
    (question,) = parse_questions("use[choice(city, dense|water)]: Which?")
    assert question.choices == ("city, dense", "water")


def test_questions_are_checked_one_by_one() -> None:
    checks = check_questions(["a[text]: What?", "a[text]: What?", "b[nosuch]: What?", "How?", "c: x; d[text]: y"])
    assert [check.question and check.question.name for check in checks] == ["a", None, None, "q4", None]
    assert [bool(check.problem) for check in checks] == [False, True, True, False, True]
    assert "earlier" in checks[1].problem


@pytest.mark.parametrize("text", ["Is it red?; [yesno]: Is it big?", "Is it red?; use[1]: big?"])
def test_a_part_that_would_be_split_is_a_problem(text: str) -> None:
    (check,) = check_questions([f"a[yesno]: {text}"])
    assert check.question is None
    assert "a second question" in check.problem


def test_empty_parts_are_no_questions_and_every_other_part_counts() -> None:
    checks = check_questions(["", "[choice(only)]: Which?", "[text]: What?", " "])
    assert [check.name for check in checks] == ["q1", "q1", "q2", "q3"]
    assert [bool(check.problem) for check in checks] == [False, True, False, False]
    assert [check.question is None for check in checks] == [True, True, False, True]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("q2: How many?\nWhat?", ["q2", "q3"]),
        ("What?\nQ1: How many?\nWhere?", ["q2", "Q1", "q3"]),
        ("a: What?\nHow many?", ["a", "q2"]),
    ],
)
def test_unnamed_questions_get_a_name_that_is_not_used(text: str, names: list[str]) -> None:
    assert [question.name for question in parse_questions(text)] == names


def test_default_names_are_recognized() -> None:
    assert [is_default_name(name) for name in ("q1", "Q12", "q", "q0", "cars")] == [True, True, False, False, False]


@pytest.mark.parametrize(
    "text",
    ["Is it red?; [yesno]: Is it big?", "Is it red?; use[1]: big?", "Is it  red?;\u00a0is it big?", "a; b[x] c: d"],
)
def test_a_stored_line_is_one_question(text: str) -> None:
    question = Question("answer", text, AnswerType.YESNO)
    assert parse_line(question.line) == question


def test_a_stored_line_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(QuestionError, match="the type `nosuch` is unknown"):
        parse_line("a[nosuch]: What?")


@pytest.mark.parametrize("text", ["a[yesno]: Is it?\n\nHow; many?", "x: y\nWhat?\n[yesno]: Is it?", "one line; only"])
def test_questions_are_written_on_one_line(text: str) -> None:
    assert parse_questions(on_one_line(text)) == parse_questions(text)
    assert "\n" not in on_one_line(text)


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("x[nosuch]: a?", "x[yesno]: a?"), ("use[choice(city)]: a?", "use[choice(city|wood)]: a?")],
)
@pytest.mark.parametrize("other", ["Is there water?", "water: Is there?", "[yesno]: Is it?", "What; b: else?"])
def test_a_corrected_line_does_not_swallow_the_others(wrong: str, right: str, other: str) -> None:
    for text, corrected in ((f"{wrong}\n{other}", f"{right}\n{other}"), (f"{other}\n{wrong}", f"{other}\n{right}")):
        line = on_one_line(text)
        with pytest.raises(QuestionError):
            parse_questions(line)
        assert parse_questions(line.replace(wrong, right)) == parse_questions(corrected)


@pytest.mark.parametrize(
    "wrong", ["cars[integer: How many?", "[nosuch]: a?", "my cars[integer]: b?", "a[yesno]:", "2x: c"]
)
def test_a_wrong_line_stays_wrong_on_one_line(wrong: str) -> None:
    for text in (f"What?\n{wrong}", f"{wrong}\nWhat?"):
        with pytest.raises(QuestionError):
            parse_questions(on_one_line(text))
    head, _, _ = on_one_line(f"What?\n{wrong}").partition("; ")
    assert [question.text for question in parse_questions(head)] == ["What?"]


def test_a_single_question_is_required() -> None:
    assert parse_question("cars[integer]: How many?").name == "cars"
    for text in ("", "Is it?; cars[integer]: How many?", "one\ntwo"):
        with pytest.raises(QuestionError, match="single"):
            parse_question(text)


def test_allowed_answers_by_type() -> None:
    questions = parse_questions("use[choice(city|open land)]: Which?\nwater[yesno]: Is there water?\nfree[text]: What?")
    assert [question.allowed for question in questions] == [("city", "open land"), ("yes", "no"), ()]
