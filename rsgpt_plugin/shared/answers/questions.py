"""Questions as users write them: one per line, or several on one line separated by semicolons."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

from ..errors import QuestionError
from ..i18n import translate
from ..results.columns import answer_columns, reserved_names
from .answer_types import AnswerType, answer_type, type_names_pattern, types_help

CAPTION_PROMPT = "Describe this image."
DETAIL_PROMPT = "Describe this image in detail."

MAX_QUESTION_LENGTH = 2000
MAX_NAME_LENGTH = 48

_TYPED = re.compile(r"\s*(?P<name>\w*)\s*\[(?P<type>[^\]]*)\]\s*:(?P<text>.*)", re.DOTALL)
_NAMED = re.compile(r"\s*(?P<name>\w+):(?P<text>\s.*)", re.DOTALL)
_DEFAULT_NAME = re.compile(r"q[1-9]\d*", re.IGNORECASE)
_NO_TYPE = "?"  # not a type, so that what follows remains to be corrected
_LANGUAGE_INSTRUCTION = re.compile(r"Answer in [^?]+\.")
_TYPE_START = r"\s*\[\s*(?:{types})\s*(?:\([^)]*\)\s*)?\]\s*:"
_TYPE = re.compile(r"\s*(?P<name>\w+)\s*(?:\((?P<choices>.*)\))?\s*", re.DOTALL)


@dataclass(frozen=True)
class Question:
    """A question. name: of its column. text: sent to the model. choices: options of a choice question.

    task: what a model of this plugin does instead of answering, see rsgpt_backend/engine/tasks.py; "" to answer.
    """

    name: str
    text: str
    type: AnswerType = AnswerType.TEXT
    choices: tuple[str, ...] = ()
    task: str = ""

    def prompt_in(self, language: str) -> str:
        """Return the prompt with an instruction to answer in `language`, if answers of the type may be translated."""
        is_wanted = language and self.type.is_translated
        return f"{self.prompt} {language_instruction(language)}" if is_wanted else self.prompt

    @property
    def prompt(self) -> str:
        """The text sent to the model: the question and the options of a choice."""
        return self.type.prompt(self.text, self.choices)

    @property
    def allowed(self) -> tuple[str, ...]:
        """The answers that the model may choose from; empty if it may write any text."""
        return self.choices if self.type.has_choices else self.type.allowed

    @property
    def line(self) -> str:
        """The question as a line that `parse_line` reads back to an equal question."""
        return f"{self.name}[{self.type.written(self.choices)}]: {self.text}"


@dataclass(frozen=True)
class QuestionCheck:
    """The question that a user is writing, or None and the problem in words. name: of its column, also if not given."""

    question: Optional[Question]
    problem: str = ""
    name: str = ""


def parse_questions(text: str) -> list[Question]:
    """Parse one question per line. Skips empty lines and names unnamed questions q1, q2, ... by their position.

    A semicolon also separates questions if `name[type]:` or `[type]:` follows; other semicolons are part of the text.
    Raises QuestionError with the line number and a correction.
    """
    parts = _parts(text)
    questions: list[Question] = []
    for (number, _), check in zip(parts, check_questions([part for _, part in parts])):
        if check.question is None:
            raise _unreadable(number, check.problem)
        questions.append(check.question)
    return questions


def parse_question(text: str) -> Question:
    """Parse a single question. Raises QuestionError if it is missing or not the only one."""
    questions = parse_questions(text)
    if len(questions) != 1:
        raise QuestionError(translate("Rsgpt", "Enter a single question."))
    return questions[0]


def parse_line(line: str) -> Question:
    """Parse a stored `Question.line`, in which all semicolons are part of the text. Raises QuestionError."""
    try:
        return _parse_part(line, _default_name(1, set()))
    except ValueError as error:
        raise _unreadable(1, error) from error


def check_questions(parts: Sequence[str]) -> list[QuestionCheck]:
    """Parse each part as one question, as `parse_questions` does, but continue after a problem. Skips empty parts."""
    names = {name.casefold() for name in map(_given_name, parts) if name}
    columns: set[str] = set()
    checks: list[QuestionCheck] = []
    number = 1
    for part in parts:
        name = _given_name(part) or _default_name(number, names)
        if not part.strip():
            checks.append(QuestionCheck(None, name=name))
            continue
        checks.append(_checked(part, name, columns))
        names.add(name.casefold())
        number += 1
    return checks


def on_one_line(text: str) -> str:
    """Return the questions on one line that `parse_questions` reads as the same questions.

    Lines that cannot be parsed cannot be parsed in the result either, and stay separate once they are corrected.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) < 2:
        return "".join(lines)
    parts = [part for _, part in _parts(text)]
    checks = check_questions(parts)
    return "; ".join(
        check.question.line if check.question else _separable(part, check.name) for part, check in zip(parts, checks)
    )


def is_default_name(name: str) -> bool:
    """Return whether a name is one of those that unnamed questions get."""
    return _DEFAULT_NAME.fullmatch(name) is not None


def _default_name(number: int, taken: set[str]) -> str:
    while f"q{number}" in taken:
        number += 1
    return f"q{number}"


def _given_name(part: str) -> str:
    match = _TYPED.fullmatch(part) or _NAMED.fullmatch(part)
    return str(match["name"]) if match else ""


def _parts(text: str) -> list[tuple[int, str]]:
    """Return the text of each question with the number of its line."""
    lines = enumerate(text.splitlines(), start=1)
    return [(number, part) for number, line in lines for part in filter(str.strip, _separator().split(line))]


def _separable(part: str, name: str) -> str:
    """Return a part that cannot be parsed with `name[type]:` at its beginning, before which a semicolon separates."""
    typed, named = _TYPED.fullmatch(part), _NAMED.fullmatch(part)
    if typed:
        return f"{name}[{typed['type'].strip()}]: {typed['text'].strip()}"
    if named:
        return f"{name}[{AnswerType.TEXT.name}]: {named['text'].strip()}"
    kind = _NO_TYPE if _is_unfinished(part) else AnswerType.TEXT.name
    return f"{name}[{kind}]: {part.strip()}"


def _checked(part: str, name: str, columns: set[str]) -> QuestionCheck:
    """Return the check of a part, and add the columns of its question to those of the earlier ones."""
    try:
        _refuse_separator(part)
        question = _parse_part(part, name)
        _refuse_clash(question.name, columns)
    except ValueError as error:
        return QuestionCheck(None, str(error), name)
    columns.update(_columns(question.name))
    return QuestionCheck(question, name=name)


def _unreadable(number: int, problem: object) -> QuestionError:
    message = translate("Rsgpt", "Question line {number} cannot be read: {problem}.")
    return QuestionError(message.format(number=number, problem=problem))


def _separator() -> re.Pattern[str]:
    """Return the pattern of a semicolon before a typed question, also if the type after a name is misspelled."""
    return re.compile(rf";\s*(?=\w*{_TYPE_START.format(types=type_names_pattern())}|\w+\[[^\]]*\]\s*:)", re.IGNORECASE)


def _parse_part(line: str, default_name: str) -> Question:
    typed = _TYPED.fullmatch(line)
    named = None if typed else _NAMED.fullmatch(line)
    if not typed and not named and _is_unfinished(line):
        problem = translate("Rsgpt", "the text before the question is not a name and a type; {how}")
        raise ValueError(problem.format(how=_syntax_help()))
    match = typed or named
    text = (match["text"] if match else line).strip()
    kind, choices = _parse_type(typed["type"]) if typed else (AnswerType.TEXT, ())
    name = (match["name"] if match else "") or default_name
    _refuse_bad_name(name)
    if not text:
        raise ValueError(
            translate("Rsgpt", "the question after the colon is missing; {how}").format(how=_syntax_help())
        )
    _refuse_second_question(text)
    if len(text) > MAX_QUESTION_LENGTH:
        problem = translate("Rsgpt", "it has more than {most} characters; shorten it")
        raise ValueError(problem.format(most=MAX_QUESTION_LENGTH))
    return Question(name, text, kind, choices)


def _refuse_second_question(text: str) -> None:
    """Raise ValueError for joined lines, as when several lines are pasted into a single-line field."""
    second = re.search(rf"\w+{_TYPE_START.format(types=type_names_pattern())}", text, re.IGNORECASE)
    if second:
        problem = translate(
            "Rsgpt",
            "it contains a second question, `{second}`; write each question on its own line or after a semicolon",
        )
        raise ValueError(problem.format(second=second[0]))


def _refuse_separator(part: str) -> None:
    """Raise ValueError for a text that would be split into several questions."""
    separator = _separator().search(part)
    if separator:
        second, colon, _ = part[separator.end() :].partition(":")
        problem = translate("Rsgpt", "it contains a second question, `{second}`; enter it as a question of its own")
        raise ValueError(problem.format(second=second + colon))


def _is_unfinished(line: str) -> bool:
    """Return whether a line starts like a name and a type but is malformed."""
    types = f"(?:{type_names_pattern()})"
    patterns = (rf"\s*\w*\s*\[\s*{types}|[^?]*\]\s*:", rf"[^?]*[({{]\s*{types}\b.*[)}}]\s*:")
    return any(re.match(pattern, line, re.IGNORECASE) for pattern in patterns)


def _parse_type(text: str) -> tuple[AnswerType, tuple[str, ...]]:
    match = _TYPE.fullmatch(text)
    kind = answer_type(match["name"].lower()) if match else None
    choices = match["choices"] if match else None
    if kind is None or kind.has_choices is not (choices is not None):
        problem = translate("Rsgpt", "the type `{type}` is unknown; {how}")
        raise ValueError(problem.format(type=text.strip(), how=_syntax_help()))
    return kind, () if choices is None else _parse_choices(choices)


def _parse_choices(text: str) -> tuple[str, ...]:
    choices = split_choices(text)
    if len(choices) < 2 or not all(choices):
        raise ValueError(
            translate(
                "Rsgpt",
                "a choice needs at least two options, and none may be empty; write `choice(city|forest|water)`",
            )
        )
    if len({choice.casefold() for choice in choices}) < len(choices):
        raise ValueError(translate("Rsgpt", "the same option is listed twice; remove one"))
    return choices


def split_choices(text: str) -> tuple[str, ...]:
    """Return the options in a text. They are separated by `|` or, if there is none, by commas."""
    return tuple(part.strip() for part in text.split("|" if "|" in text else ","))


def _refuse_bad_name(name: str) -> None:
    if not name.isidentifier() or len(name) > MAX_NAME_LENGTH:
        problem = translate(
            "Rsgpt",
            "`{name}` is not a valid column name; start with a letter, then use letters, digits and _, at most {most} "
            "characters in total",
        )
        raise ValueError(problem.format(name=name, most=MAX_NAME_LENGTH))
    if name.casefold() in reserved_names():
        problem = translate("Rsgpt", "the column name `{name}` is reserved; choose another name")
        raise ValueError(problem.format(name=name))


def _refuse_clash(name: str, columns: set[str]) -> None:
    if not columns.isdisjoint(_columns(name)):
        problem = translate("Rsgpt", "the column name `{name}` is used by an earlier line; choose another name")
        raise ValueError(problem.format(name=name))


def _columns(name: str) -> set[str]:
    return {column.casefold() for column in answer_columns(name)}


def _syntax_help() -> str:
    text = translate(
        "Rsgpt",
        "write `name[type]: question`, with one of the types {types}, "
        "for example `cars[integer]: How many cars are there?`",
    )
    return text.format(types=types_help())


def language_instruction(language: str) -> str:
    """Return the sentence added to a prompt to get the answer in `language`."""
    return f"Answer in {language}."


def is_language_instruction(line: str) -> bool:
    """Return whether a line of a `prompt` column is such an instruction."""
    return _LANGUAGE_INSTRUCTION.fullmatch(line) is not None
