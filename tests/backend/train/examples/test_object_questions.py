"""Questions from boxes, shares and masks have true answers, and none is asked that the data cannot answer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from rsgpt_backend.data.object_annotations import ObjectBox, ObjectRecord
from rsgpt_backend.train.examples.derived_questions import TrainingExample
from rsgpt_backend.train.examples.object_questions import (
    MANY,
    agreed_presence,
    known_presence,
    mask_questions,
    object_questions,
)

SIDE = 100


def record(*boxes: tuple[str, float, float], side: float = 10, **more: object) -> ObjectRecord:
    """A picture with square boxes of a label around their centers."""
    found = tuple(ObjectBox(label, x - side / 2, y - side / 2, side, side) for label, x, y in boxes)
    return ObjectRecord("a.png", SIDE, SIDE, None, found, **more)  # type: ignore[arg-type]


def asked(
    of: ObjectRecord, kind: str, complete: Sequence[str] = ("airplane",), absent: Sequence[str] = ()
) -> dict[str, str]:
    """The first wording of each question of a kind, and its answer."""
    examples = [example for example in object_questions(of, complete, absent, SIDE) if example.kind == kind]
    return {example.prompts[0]: example.answers[0] for example in examples}


def test_presence_follows_from_boxes_labels_and_shares() -> None:
    of = record(("car", 5, 5), ("minibus", 50, 50), shares={"water": 0.3, "vegetation": 0.01}, labels={"tree": False})
    assert known_presence(of, ["airplane", "car"]) == {"airplane": False, "car": True, "water": True, "tree": False}
    answers = asked(of, "presence", ["airplane", "car"])
    assert answers["Are there any airplanes?"] == "no"
    assert answers["Are there any vehicles?"] == "yes"
    assert answers["Is there any water?"] == "yes"


def test_sources_that_disagree_leave_the_presence_open() -> None:
    agreed = agreed_presence({"car": True, "ship": False, "tree": True}, {"car": True, "tree": False, "road": False})
    assert agreed == {"car": True, "ship": False, "road": False}
    assert agreed_presence() == {}


def test_objects_at_the_edge_leave_an_absence_and_a_number_open() -> None:
    assert known_presence(record(cut=1), ["building"]) == {}
    assert asked(record(cut=1), "quantity", ["building"]) == {}


def test_incomplete_boxes_are_not_counted() -> None:
    of = record(("ship", 20, 20))
    assert known_presence(of, []) == {"ship": True}
    assert asked(of, "quantity", []) == {}


def test_absent_labels_are_none() -> None:
    of = record(("car", 20, 20))
    assert asked(of, "presence", ["car"], ["airplane"])["Are there any airplanes?"] == "no"
    assert asked(of, "quantity", ["car"], ["airplane"])["How many airplanes are there?"] == "zero"


@pytest.mark.parametrize(("number", "answer"), [(0, "zero"), (1, "one"), (20, "twenty"), (21, MANY)])
def test_numbers_in_words(number: int, answer: str) -> None:
    of = record(*[("airplane", 4.0 * index + 5, 50.0) for index in range(number)])
    assert asked(of, "quantity") == {"How many airplanes are there?": answer}


def test_objects_that_are_too_small_are_not_counted() -> None:
    assert asked(record(("airplane", 50, 50), side=5), "quantity") == {}
    assert asked(record(("airplane", 50, 50), side=6), "quantity") != {}


def test_buses_and_trucks_are_vehicles() -> None:
    of = record(("car", 5, 5), ("bus", 40, 40), ("truck", 60, 40), ("minibus", 80, 80))
    assert asked(of, "quantity", ["car"])["How many cars are there?"] == "four"


def test_a_single_object_or_a_close_group_has_a_place() -> None:
    assert asked(record(("airplane", 85, 15)), "position") == {"Where is the airplane?": "top right"}
    group = record(("airplane", 10, 80), ("airplane", 25, 85))
    assert asked(group, "position") == {"Where are the airplanes?": "bottom left"}
    assert asked(record(("airplane", 10, 10), ("airplane", 90, 90)), "position") == {}


def test_position_questions_are_oriented() -> None:
    examples = list(object_questions(record(("airplane", 85, 15)), ["airplane"], (), SIDE))
    assert {example.kind for example in examples if example.oriented} == {"position"}


def test_shares_are_compared_and_told_in_tens() -> None:
    of = record(shares={"water": 0.62, "vegetation": 0.0, "road": 0.04})
    assert asked(of, "share") == {
        "How much of the image is covered by water?": "about 60 percent",
        "How much of the image is covered by vegetation?": "none",
        "How much of the image is covered by roads?": "less than 10 percent",
    }
    compared = asked(of, "area comparison")
    assert 3 <= len(compared) <= 6  # three pairs in two wordings, of which some are the same in both orders
    for prompt, answer in compared.items():
        if prompt.startswith("Which"):
            assert answer == "water"
        else:
            assert answer == ("yes" if "of water than" in prompt else "no"), prompt
    assert not any("roads" in prompt and "vegetation" in prompt for prompt in compared)


CLASSES = ("unlabelled", "water", "road", "vegetation")


def regions(**boxes: tuple[slice, slice]) -> list[TrainingExample]:
    mask = np.zeros((SIDE, SIDE), np.uint8)
    for name, (rows, columns) in boxes.items():
        mask[rows, columns] = CLASSES.index(name)
    return list(mask_questions("a.png", mask, CLASSES))


def test_regions_have_places_and_relations() -> None:
    examples = regions(water=(slice(0, 30), slice(0, 30)), vegetation=(slice(0, 30), slice(65, 100)))
    answers = {example.prompts[0]: example.answers[0] for example in examples}
    assert answers == {
        "Where is the water?": "top left",
        "Where is the vegetation?": "top right",
        "Where is the water relative to the vegetation?": "to the left",
        "Where is the vegetation relative to the water?": "to the right",
    }
    assert all(example.oriented for example in examples)


def test_large_and_scattered_regions_have_no_place() -> None:
    assert regions(water=(slice(0, 100), slice(0, 60))) == []
    assert regions(water=(slice(45, 50), slice(0, 100))) == []


@pytest.mark.parametrize(
    ("rows", "columns", "direction"),
    [(slice(48, 54), slice(0, 100), "horizontal"), (slice(0, 100), slice(48, 54), "vertical")],
)
def test_straight_roads_have_a_direction(rows: slice, columns: slice, direction: str) -> None:
    answers = {example.kind: example.answers[0] for example in regions(road=(rows, columns))}
    assert answers["road direction"] == direction


@pytest.mark.parametrize(
    ("step", "direction"), [(1, "from top left to bottom right"), (-1, "from bottom left to top right")]
)
def test_diagonal_roads(step: int, direction: str) -> None:
    mask = np.zeros((SIDE, SIDE), np.uint8)
    for row in range(SIDE):
        column = row if step > 0 else SIDE - 1 - row
        mask[row, max(column - 3, 0) : column + 4] = 2
    answers = {example.kind: example.answers[0] for example in mask_questions("a.png", mask, CLASSES)}
    assert answers["road direction"] == direction


def test_a_block_has_no_direction() -> None:
    assert "road direction" not in {example.kind for example in regions(road=(slice(20, 60), slice(20, 60)))}
