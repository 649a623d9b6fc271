"""What is read from the outputs of the question parser; its scores are fixed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from rsgpt_backend.engine.heads import question_reader
from rsgpt_backend.engine.heads.question_reader import ParsedQuestion, QuestionReader
from rsgpt_backend.model.config import QuestionParserConfig
from rsgpt_backend.model.hardware import packed_linear
from rsgpt_backend.model.hardware.packed_linear import pack_linear_layers
from rsgpt_backend.model.heads.question_parser import QUESTION_KINDS, TAGS, normalized, tokens_of
from rsgpt_backend.model.rsgpt import Rsgpt
from rsgpt_backend.train.examples.wordings import MarkedQuestion
from tests.backend.toy import make_config, make_model


class FixedParser:
    """Returns scores that agree with marked questions, and remembers the number of questions that it parsed."""

    def __init__(self, toy: Rsgpt, lines: Sequence[str], odds: float) -> None:
        self._marked = [MarkedQuestion.parse(line) for line in lines]
        self._tokens = tokens_of(toy.tokenizer, [one.text for one in self._marked])
        self._odds = odds
        self.parsed = 0
        self.norm = torch.nn.LayerNorm(1)  # whose device is that of the parser

    def __call__(self, words: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        marked, (_, spans) = self._marked[self.parsed], self._tokens[self.parsed]
        self.parsed += 1
        kinds, tags = torch.zeros(1, len(QUESTION_KINDS)), torch.zeros(1, len(spans), len(TAGS))
        kinds[0, marked.kind] = self._odds
        tags[0, range(len(spans)), marked.tags(spans)] = self._odds
        return kinds, tags


def read(toy: Rsgpt, monkeypatch: pytest.MonkeyPatch, *lines: str, odds: float = 9.0) -> list[ParsedQuestion | None]:
    """Return what is read from questions, given as in a file of wordings."""
    monkeypatch.setattr(toy, "question_parser", FixedParser(toy, lines, odds))
    return QuestionReader(toy).read([re.sub(r"[\[\]{}]", "", line.partition(": ")[2]) for line in lines])


@pytest.mark.parametrize(
    ("line", "question"),
    [
        ("presence: Is there any [water]?", ParsedQuestion("presence", "water")),
        ("place: Where is the [parking lot]?", ParsedQuestion("place", "parking lot")),
        ("place: What is the [airplane's] position?", ParsedQuestion("place", "airplane")),
        (
            "number: How many {large} {white-roofed} [houses]?",
            ParsedQuestion("number", "houses", ("large", "white-roofed")),
        ),
        ("number: [Cars] {on the road}, how many?", ParsedQuestion("number", "cars", (), "on the road")),
        ("number: {In the north}, count {red} [cars]", ParsedQuestion("number", "cars", ("red",), "in the north")),
        ("place: Where are the {two white} [ships]?", ParsedQuestion("place", "ships", ("white",))),
        ("area: What is this?", ParsedQuestion("area")),
        ("number: How many [ships] are {docked in the harbor}?", ParsedQuestion("number", "ships")),
        ("number: How many [airplanes] are {on the apron}?", ParsedQuestion("number", "airplanes")),
        ("number: How many [cars] are {on the apron}?", ParsedQuestion("number", "cars", (), "on the apron")),
        ("number: How many [cars] are {parked} here?", ParsedQuestion("number", "cars")),
        ("number: Count the '[cars]'", ParsedQuestion("number", "cars")),
        ("place: The [ships]' position?", ParsedQuestion("place", "ships")),
        ("place: See the {red} roof. [Cars]: where?", ParsedQuestion("place", "cars", (), "red")),
        ("place: The {red}. [Cars]: where?", ParsedQuestion("place", "cars", (), "red")),
        ("number: How many [cars] and [trucks]?", ParsedQuestion("number")),
        ("number: [Cars], [trucks] or [buses]?", ParsedQuestion("number")),
        ("number: Count the {red} [cars] as well as the {parked} [trucks].", ParsedQuestion("number")),
        ("presence: Is there a [car] or a [truck]?", ParsedQuestion("presence")),
        ("place: Where are the {red} [car] and the {white} [truck]?", None),
        ("number: How many are there?", ParsedQuestion("number")),
        ("place: Where is the [pale green strip]?", ParsedQuestion("place", "strip", ("pale", "green"))),
        ("place: Where is the red [car]?", ParsedQuestion("place", "car", ("red",))),
        ("number: How many [buildings] {in the area}?", ParsedQuestion("number", "buildings")),
        ("number: How many [watercraft] are {in the harbor}?", ParsedQuestion("number", "watercraft")),
        ("number: How many [aircraft] {on the ground}?", ParsedQuestion("number", "aircraft")),
        ("number: How many [watercraft] {on the ground}?", ParsedQuestion("number", "watercraft", (), "on the ground")),
        ("place: A [road] is visible. Where is the [lake]?", ParsedQuestion("place", "road")),
        ("place: Where is it?", None),
        ("place: Where is the {green} [area]?", ParsedQuestion("place", "area", ("green",))),
        ("place: Where is the {green} one?", ParsedQuestion("place", "", (), "green")),
        ("place: Where is this [place]?", None),
        ("other: Is the [lake] blue?", None),
    ],
)
def test_question(toy: Rsgpt, monkeypatch: pytest.MonkeyPatch, line: str, question: ParsedQuestion | None) -> None:
    assert read(toy, monkeypatch, line) == [question]


def test_uncertain_kinds_are_not_recognized(toy: Rsgpt, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(toy, monkeypatch, "presence: Is there any [water]?", odds=0.5) == [None]


@pytest.mark.parametrize("text", ["", "?!", "\n", "\ud800 where", "where is the " + "very " * 100 + "big lake?"])
def test_odd_texts(toy: Rsgpt, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    line = f"presence: {text}"
    monkeypatch.setattr(toy, "question_parser", FixedParser(toy, [line], 9.0))
    assert QuestionReader(toy).read([text]) in ([None], [ParsedQuestion("presence")])


def test_model_without_a_parser_recognizes_nothing(toy: Rsgpt) -> None:
    assert QuestionReader(toy).read(["Where is the lake?", ""]) == [None, None]


def test_captions_are_no_questions(toy: Rsgpt, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toy, "question_parser", FixedParser(toy, ["area: Describe this image."], 9.0))
    assert QuestionReader(toy).read([toy.config.caption_prompt]) == [None]


def test_a_question_is_parsed_once(toy: Rsgpt, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ["presence: Is there any [water]?", "area: What is this?"]
    parser = FixedParser(toy, lines, 9.0)
    monkeypatch.setattr(toy, "question_parser", parser)
    reader = QuestionReader(toy)
    water, area = ParsedQuestion("presence", "water"), ParsedQuestion("area")
    prompts = ["Is there any water?", "What is this?", "is there any\nWATER?"]
    assert reader.read(prompts) == [water, area, water]
    assert reader.read(prompts[::-1]) == [water, area, water]
    assert parser.parsed == 2


def test_texts_are_read_as_in_training() -> None:
    assert MarkedQuestion.parse("area: What\N{RIGHT SINGLE QUOTATION MARK}s  THIS?").text == normalized("what's this?")


def test_a_parser_with_packed_layers_reads_the_same(toy_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = make_model(replace(make_config(toy_folder / "language"), question_parser=QuestionParserConfig(32, 2)))
    monkeypatch.setattr(question_reader, "_CERTAIN", 0.0)  # a random parser is never certain
    prompts = [f"where is thing number {number}?" for number in range(20)]
    plain = QuestionReader(model).read(prompts)
    assert any(plain)
    monkeypatch.setattr(packed_linear, "is_packing_faster", lambda: True)
    pack_linear_layers(model)
    assert QuestionReader(model).read(prompts) == plain
