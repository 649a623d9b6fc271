"""Detection of repeating answers, and of the end of an answer."""

from __future__ import annotations

import pytest

from rsgpt_backend.engine.answer_text import is_degenerate, until_stop

SOUND = (
    "yes",
    "No.",
    "4",
    "0",
    "1000000",
    "Seven planes.",
    "A.",
    "dense residential",
    "There is a piece of farmland.",
    "Many buildings and green trees are around a playground.",
    "Two baseball fields are next to two baseball fields and two tennis courts.",
    "There is a road. There is a house. There is a pool. There is a lawn.",
    "The trees, the river, the bridge, the road, and the houses are in the picture.",
    "On the left are houses, on the right are houses, and at the top are more houses.",
    "a house, a house, a house",
    "very very very dense houses",
    "Some cars are parked on the left side of the road and some cars are parked on the right side of the road.",
    "Zwei Flugzeuge stehen auf dem Rollfeld.",
    "这张图片里有很多树和一条河。",
    "12 12 3",
)
STUCK = (
    "",
    "   \n",
    "...",
    "!!!!!!!!",
    "- - - -",
    "\N{REPLACEMENT CHARACTER}",
    "trees trees trees trees",
    "trees, trees, trees, trees, and trees",
    "There are Many many MANY many buildings.",
    "the the the the the the",
    "a building and a building and a building and a building and",
    "There are many cars. There are many cars. There are many cars.",
    "The image shows a road and the image shows a road and the image shows a road and",
    "A river runs through the forest and A river runs through the forest and A river runs through the forest and",
    "it is a large area of it is a large area of it is a large area of",
    "yesyesyesyesyes",
    "aaaaaaaaaaaa",
    "hahahaha",
    "树树树树树树",
    "2 2 2 2 2 2 2",
)


@pytest.mark.parametrize("text", SOUND)
def test_sound_text_is_not_degenerate(text: str) -> None:
    assert not is_degenerate(text)


@pytest.mark.parametrize("text", STUCK)
def test_stuck_text_is_degenerate(text: str) -> None:
    assert is_degenerate(text)


def test_texts_are_distinct() -> None:
    assert len({*SOUND, *STUCK}) == 40


def test_long_text_is_checked_quickly() -> None:
    import time

    started = time.process_time()
    assert not is_degenerate(" ".join(f"word{number}" for number in range(4_000)))
    assert not is_degenerate("ab" + "".join(chr(0x4E00 + number) for number in range(20_000)))
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    ("text", "is_final", "shown"),
    [
        ("A road. ###Human: more", False, ("A road. ", True)),
        ("A road. ##", False, ("A road. ", False)),  # may become a stop
        ("A road. ##", True, ("A road. ##", False)),
        ("A #road", False, ("A #road", False)),
        ("", False, ("", False)),
    ],
)
def test_text_ends_at_a_stop(text: str, is_final: bool, shown: tuple[str, bool]) -> None:
    assert until_stop(text, ("###", "END"), is_final) == shown
    assert until_stop(text, (), is_final) == (text, False)
