"""Separation of answers from reasoning, for all marks and in pieces."""

from __future__ import annotations

from typing import Optional

import pytest

from rsgpt_plugin.shared.answers.reasoning import AnswerReader, without_reasoning

CHANNELS = "<|channel|>analysis<|message|>Count them: 12.<|end|><|start|>assistant<|channel|>final<|message|>"

CASES: list[tuple[str, Optional[str]]] = [
    ("A harbor.", "A harbor."),
    ("  two lines\nof text \n", "  two lines\nof text \n"),
    ("5 < 6 and [9] > 3 <b>bold</b>", "5 < 6 and [9] > 3 <b>bold</b>"),
    ("<think>12 boats?</think>\n\nA harbor.", "A harbor."),
    ("12 boats? No, 3 are buoys.\n</think>\n\n9", "9"),
    ("<think>a</think> b <think>c</think> d", "d"),
    ("<think></think>\n\nyes", "yes"),
    ("<Thinking>a</Thinking>no", "no"),
    ("<thought>a</thought>no", "no"),
    ("<reasoning>a</reasoning>no", "no"),
    ("<seed:think>a</seed:think>no", "no"),
    ("[THINK]a[/THINK]A road.", "A road."),
    ("\u25c1think\u25b7a\u25c1/think\u25b7A road.", "A road."),
    ("<|begin_of_thought|>a<|end_of_thought|><|begin_of_solution|>b<|end_of_solution|>", "b"),
    (f"{CHANNELS}A harbor.<|return|>", "A harbor."),
    ("analysisThe user wants a caption.assistantfinalA harbor.", "A harbor."),
    ("<think>a</think><answer>12</answer>", "12"),
    ("<think>The picture shows 12 boats and maybe 3 more, let me count", None),
    ("<|channel|>analysis<|message|>We look at", None),
    ("A harbor. <think>Or is it", None),
    ("a</think>b<think>c", None),
    ("<think>only this</think>", ""),
    ("", ""),
]


@pytest.mark.parametrize(("text", "answer"), CASES)
def test_without_reasoning_returns_the_answer(text: str, answer: Optional[str]) -> None:
    assert without_reasoning(text) == answer


@pytest.mark.parametrize(("text", "answer"), CASES)
@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_reading_in_pieces_gives_the_same_answer(text: str, answer: Optional[str], size: int) -> None:
    reader = AnswerReader()
    for start in range(0, len(text), size):
        reader.read(text[start : start + size])
    assert reader.answer() == answer


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("A harbor.", "A harbor."),
        ("<think>12 boats?</think>\n\nA harbor.", "A harbor."),
        (f"{CHANNELS}A harbor.<|return|>", "A harbor."),
        ("<think>never ends", ""),
    ],
)
def test_marked_reasoning_is_never_shown(text: str, shown: str) -> None:
    reader = AnswerReader()
    assert "".join(reader.read(letter) for letter in text) == shown


def test_a_partial_mark_waits_for_the_next_piece() -> None:
    reader = AnswerReader()
    assert reader.read("A <") == "A "
    assert reader.read("b> c <thi") == "<b> c "
    assert reader.read("s") == "<this"
