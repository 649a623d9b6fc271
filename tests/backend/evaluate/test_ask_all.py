"""Answers keep the order of the prompts over batches; a limit spreads them evenly."""

from __future__ import annotations

from pathlib import Path

import pytest

from rsgpt_backend.engine.engine import Engine
from rsgpt_backend.errors import DataError
from rsgpt_backend.evaluate.ask_all import PicturePrompt, answer_all, spread
from rsgpt_backend.predictor import Answer, Ask


def test_answers_keep_the_order(engine: Engine, toy_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []

    def answer(asks: list[Ask]) -> list[Answer]:
        sizes.append(len(asks))
        return [Answer(ask.prompt, (), 1.0, "stop", False, 1) for ask in asks]

    monkeypatch.setattr(engine, "answer", answer)
    prompts = [PicturePrompt(f"{number % 12}.png", str(number)) for number in range(100)]
    answers = answer_all(engine, toy_data / "images", prompts)
    assert [answer.text for answer in answers] == [item.prompt for item in prompts]
    assert sizes == [48, 48, 4]


def test_answers_are_those_of_the_engine(engine: Engine, toy_data: Path) -> None:
    from tests.backend.toy import picture

    (found,) = answer_all(engine, toy_data / "images", [PicturePrompt("3.png", "gray")])
    assert found == engine.answer([Ask(picture(3), "another key", "gray")])[0]


def test_gray_pictures_replace_all_pictures(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[Ask] = []

    def answer(asks: list[Ask]) -> list[Answer]:
        shown.extend(asks)
        return [Answer("", (), 1.0, "stop", False, 1) for _ in asks]

    monkeypatch.setattr(engine, "answer", answer)
    tmp_path.joinpath("empty").mkdir()
    prompts = [PicturePrompt("0.png", "a"), PicturePrompt("1.png", "b")]
    answer_all(engine, tmp_path / "empty", prompts, grey=True)
    assert [ask.prompt for ask in shown] == ["a", "b"]
    assert {ask.image_key for ask in shown} == {"grey"}
    assert {colour for ask in shown for _, colour in ask.image.getcolors() or ()} == {(128, 128, 128)}


def test_choices_and_ground_resolution_are_passed_on(
    engine: Engine, toy_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[Ask] = []

    def answer(asks: list[Ask]) -> list[Answer]:
        shown.extend(asks)
        return [Answer("", (), 1.0, "stop", False, 1) for _ in asks]

    monkeypatch.setattr(engine, "answer", answer)
    prompt = PicturePrompt("0.png", "What is it?", ("lake", "road"), 0.3)
    answer_all(engine, toy_data / "images", [prompt, PicturePrompt("1.png", "What?")])
    assert [(ask.prompt, ask.choices, ask.gsd_m) for ask in shown] == [
        ("What is it? Choose one of: lake, road.", ("lake", "road"), 0.3),
        ("What?", (), None),
    ]


def test_a_missing_picture(engine: Engine, toy_data: Path) -> None:
    with pytest.raises(DataError, match=r"99\.png is not one of the 12 files"):
        answer_all(engine, toy_data / "images", [PicturePrompt("0.png", "a"), PicturePrompt("99.png", "a")])


@pytest.mark.parametrize(
    ("limit", "wanted"),
    [(None, range(10)), (10, range(10)), (99, range(10)), (5, range(0, 10, 2)), (3, (0, 3, 6)), (1, (0,))],
)
def test_spread(limit: int | None, wanted: range | tuple[int, ...]) -> None:
    assert spread(range(10), limit) == list(wanted)
