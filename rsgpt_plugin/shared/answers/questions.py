"""Questions as the user writes them, one a line. Knows nothing of answers or of models."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import QuestionError
from ..i18n import translate
from ..results.columns import answer_columns, reserved_names
from .answer_types import AnswerType, answer_type, spelled_types, types_help

CAPTION_PROMPT = "Describe this image."
DETAIL_PROMPT = "Describe this image in detail."

MAX_QUESTION_LENGTH = 2000
MAX_NAME_LENGTH = 48

_TYPED = re.compile(r"\s*(?P<name>\w*)\s*\[(?P<type>[^\]]*)\]\s*:(?P<text>.*)", re.DOTALL)
_NAMED = re.compile(r"\s*(?P<name>\w+):(?P<text>\s.*)", re.DOTALL)
_LANGUAGE_WISH = re.compile(r"Answer in [^?]+\.")
_TYPE = re.compile(r"\s*(?P<name>\w+)\s*(?:\((?P<choices>.*)\))?\s*", re.DOTALL)


@dataclass(frozen=True)
class Question:
    """One question: the column's name, the words for the model, the type, and a choice's options."""

    name: str
    text: str
    type: AnswerType = AnswerType.TEXT
    choices: tuple[str, ...] = ()

    def prompt_in(self, language: str) -> str:
        """The prompt with the wish for an answer in that language; other types are read as English words."""
        return f"{self.prompt} {language_wish(language)}" if language and self.type.is_translated else self.prompt

    @property
    def prompt(self) -> str:
        """What is sent to the model: the question, and for a choice its options."""
        return self.type.prompt(self.text, self.choices)

    @property
    def allowed(self) -> tuple[str, ...]:
        """The answers that a model may choose from; empty where it writes its own."""
        return self.choices if self.type.has_choices else self.type.allowed

    @property
    def line(self) -> str:
        """The question as a line that `parse_questions` reads back to an equal one."""
        return f"{self.name}[{self.type.written(self.choices)}]: {self.text}"


def parse_questions(text: str) -> list[Question]:
    """Read one question a line; empty lines are skipped, a line without a name is called q1, q2, ...

    Raises QuestionError with the number of the line and what to write there.
    """
    questions: list[Question] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            try:
                question = _parse_line(line, f"q{len(questions) + 1}")
                _refuse_clash(question.name, questions)
            except ValueError as error:
                sentence = translate("Rsgpt", "Question line {number} cannot be read: {problem}.")
                raise QuestionError(sentence.format(number=number, problem=error)) from error
            questions.append(question)
    return questions


def _parse_line(line: str, default_name: str) -> Question:
    typed = _TYPED.fullmatch(line)
    named = None if typed else _NAMED.fullmatch(line)
    if not typed and not named and _is_unfinished(line):
        problem = translate("Rsgpt", "what stands before the question is not a name and a type; {how}")
        raise ValueError(problem.format(how=_how()))
    found = typed or named
    words = (found["text"] if found else line).strip()
    kind, choices = _parse_type(typed["type"]) if typed else (AnswerType.TEXT, ())
    name = (found["name"] if found else "") or default_name
    _refuse_bad_name(name)
    if not words:
        raise ValueError(translate("Rsgpt", "the question after the colon is missing; {how}").format(how=_how()))
    _refuse_second_question(words)
    if len(words) > MAX_QUESTION_LENGTH:
        problem = translate("Rsgpt", "it has more than {most} characters; shorten it")
        raise ValueError(problem.format(most=MAX_QUESTION_LENGTH))
    return Question(name, words, kind, choices)


def _refuse_second_question(words: str) -> None:
    """Where a line is all that can be written, as in a table of runs, pasted lines are joined."""
    pattern = rf"\w+\s*\[\s*(?:{spelled_types()})\s*(?:\([^)]*\)\s*)?\]\s*:"
    second = re.search(pattern, words, re.IGNORECASE)
    if second:
        problem = translate("Rsgpt", "it holds a second question, `{second}`; write each question on a line of its own")
        raise ValueError(problem.format(second=second[0]))


def _is_unfinished(line: str) -> bool:
    """Whether a line begins like a name and a type, but is not one."""
    types = f"(?:{spelled_types()})"
    patterns = (rf"\s*\w*\s*\[\s*{types}|[^?]*\]\s*:", rf"[^?]*[({{]\s*{types}\b.*[)}}]\s*:")
    return any(re.match(pattern, line, re.IGNORECASE) for pattern in patterns)


def _parse_type(text: str) -> tuple[AnswerType, tuple[str, ...]]:
    found = _TYPE.fullmatch(text)
    kind = answer_type(found["name"].lower()) if found else None
    choices = found["choices"] if found else None
    if kind is None or kind.has_choices is not (choices is not None):
        problem = translate("Rsgpt", "the type `{type}` is unknown; {how}")
        raise ValueError(problem.format(type=text.strip(), how=_how()))
    return kind, () if choices is None else _parse_choices(choices)


def _parse_choices(text: str) -> tuple[str, ...]:
    choices = tuple(part.strip() for part in text.split("|"))
    if len(choices) < 2 or not all(choices):
        raise ValueError(
            translate("Rsgpt", "a choice needs two or more options, none empty; write `choice(city|forest|water)`")
        )
    if len({choice.casefold() for choice in choices}) < len(choices):
        raise ValueError(translate("Rsgpt", "the same option is listed twice; remove one"))
    return choices


def _refuse_bad_name(name: str) -> None:
    if not name.isidentifier() or len(name) > MAX_NAME_LENGTH:
        problem = translate(
            "Rsgpt", "`{name}` cannot be a column name; use a letter, then letters, digits and _, at most {most} in all"
        )
        raise ValueError(problem.format(name=name, most=MAX_NAME_LENGTH))
    if name.casefold() in reserved_names():
        problem = translate("Rsgpt", "the column `{name}` is used by the result itself; choose another name")
        raise ValueError(problem.format(name=name))


def _refuse_clash(name: str, earlier: list[Question]) -> None:
    taken = {column.casefold() for question in earlier for column in answer_columns(question.name)}
    if taken.intersection(column.casefold() for column in answer_columns(name)):
        problem = translate("Rsgpt", "the column `{name}` is used by an earlier line; choose another name")
        raise ValueError(problem.format(name=name))


def _how() -> str:
    how = translate(
        "Rsgpt",
        "write `name[type]: question`, with one of the types {types}, "
        "for example `cars[integer]: How many cars are there?`",
    )
    return how.format(types=types_help())


def language_wish(language: str) -> str:
    """What is added to a prompt whose answer is wanted in that language."""
    return f"Answer in {language}."


def is_language_wish(line: str) -> bool:
    """Whether a line of a `prompt` column is such a wish."""
    return _LANGUAGE_WISH.fullmatch(line) is not None
