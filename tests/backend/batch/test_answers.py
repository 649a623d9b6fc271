"""Answers become values as in the plugin: its own tests say what is right, these that both say the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rsgpt_backend.batch import answers as ours
from rsgpt_backend.batch.questions import AnswerType, Question
from rsgpt_plugin.core import answers as plugins
from rsgpt_plugin.core.questions import AnswerType as PluginType
from rsgpt_plugin.core.questions import Question as PluginQuestion

CHOICES = ("city", "open land", "land")
TEXTS = [
    "Yes, there is.", "no", "There isn't any.", "It is a city.", "perhaps", "12", "twelve", "a hundred and five",
    "3-5", "about 40% of 7 cars", "3.5", "1,024 houses", "99999999999", "open land", "The land is open.", "Open Land!",
    "city or land", "", "...", "go go go", "a road and a road and a road and", "aaaaaaaaaaaa", "a\0b", "x" * 200,
    "none", "twenty-one trees", "two hundred three", "twenty twelve", "−5", "-5",
]  # fmt: skip
WORDS = st.sampled_from(
    "yes no not none there is are isn't it has 3 3.5 twelve hundred and a twenty one city open land , . - road".split()
)


def by_plugin(kind: str, text: str, sure: float, degenerate: bool, least: float) -> plugins.TypedAnswer:
    choices = CHOICES if kind == "choice" else ()
    question = PluginQuestion("q", "What?", PluginType(kind), choices)
    answer = plugins.read_answer(question, plugins.RawAnswer(text, sure, (), degenerate))
    return plugins.kept_if_sure(answer, least)


def by_us(kind: str, text: str, sure: float, degenerate: bool, least: float) -> ours.TypedAnswer:
    question = Question("q", "What?", AnswerType(kind), CHOICES if kind == "choice" else ())
    return ours.read_answer(question, ours.RawAnswer(text, sure, degenerate), least)


def told(answer: plugins.TypedAnswer | ours.TypedAnswer) -> tuple[object, ...]:
    return type(answer.value), answer.value, answer.confidence, answer.problem


@pytest.mark.parametrize("kind", ["text", "yesno", "integer", "choice"])
@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_read_as_the_plugin_reads_it(kind: str, text: str) -> None:
    assert told(by_us(kind, text, 0.5, False, 0.0)) == told(by_plugin(kind, text, 0.5, False, 0.0))


@given(
    st.sampled_from(["text", "yesno", "integer", "choice"]), st.lists(WORDS, max_size=9).map(" ".join), st.booleans(),
    st.sampled_from([0.0, 0.4, 0.9]),
)  # fmt: skip
def test_any_text_is(kind: str, text: str, degenerate: bool, least: float) -> None:
    assert told(by_us(kind, text, 0.6, degenerate, least)) == told(by_plugin(kind, text, 0.6, degenerate, least))


def test_what_the_engine_failed_on_is_told() -> None:
    raw = ours.RawAnswer("", 0.0, problem="The model failed.")
    assert ours.read_answer(Question("q", "What?"), raw) == ours.TypedAnswer(None, None, "The model failed.")
