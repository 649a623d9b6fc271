"""Markup, doubt, hedges, negation and topic of replies are recognized by their wording."""

from __future__ import annotations

import pytest

from rsgpt_plugin.shared.answers.reply_wording import (
    has_doubt,
    has_hedge,
    has_negation,
    head,
    is_about,
    is_idle_no,
    plain_sentences,
    sees_nothing,
)


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Yes.", ["Yes."]),
        ("", []),
        (" \n ", []),
        ("A road. A river!\nA field", ["A road.", "A river!", "A field"]),
        ("**Yes**, _there_ is a `road`.", ["Yes, there is a road."]),
        ("a_b_c * 2", ["a_b_c  2"]),
        ("# Result\n- yes", ["Result", "yes"]),
        ("> Yes", ["Yes"]),
        ("> 5", ["> 5"]),
        ('```json\n{"answer": "no"}\n```', ["no"]),
        ('{"answer": true, "reason": "water"}', ["yes"]),
        ('{"water": false}', ["no"]),
        ('{"count": 3}', ["3"]),
        ('{"a": 1, "b": 2}', ['{"a": 1, "b": 2}']),
        ('{"answer": [1]}', ['{"answer": [1]}']),
        ('{"answer": ', ['{"answer":']),
        ("Is there water? Yes.", ["Yes."]),
        ("Is there water?", ["Is there water?"]),
        ("The answer is: yes. It is blue.", ["yes.", "It is blue."]),
        ("Answer = 5", ["5"]),
        ("My answer to this question is no.", ["no."]),
        ("A: yes", ["yes"]),
        ("The answer is", ["The answer is"]),
        ("Perhaps the answer is 3. Final answer: 4.", ["4."]),
        ("It\u2019s a road", ["It's a road"]),
        ("<think>Maybe 5?</think>4", ["4"]),
        ("<think>Maybe 5?", []),
        ("x" * 4001, []),
    ],
)
def test_plain_sentences(text: str, sentences: list[str]) -> None:
    assert plain_sentences(text) == sentences


@pytest.mark.parametrize(
    "text",
    [
        "I cannot tell.",
        "It is not possible to determine the number.",
        "I can't be sure.",
        "I can\u2019t say",
        "unclear",
        "It depends on the season.",
        "The image is too blurry.",
        "Hard to say",
        "no idea",
        "Sorry, I cannot help",
        "As an AI, I see nothing",
        "N/A",
        "yes?",
        "nicht erkennbar",
        "Ich weiß es nicht",
        "Il n'est pas possible de le dire",
        "No se puede saber",
        "forse",
        "misschien",
        "невозможно определить",
        "无法确定",
        "わかりません",
        "알 수 없습니다",
    ],
)
def test_doubt_is_recognized_in_many_languages(text: str) -> None:
    assert has_doubt(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Yes.",
        "There are no trees.",
        "It is not a road.",
        "A clear river",
        "Ja",
        "Sim",
        "是",
        "The area is dark.",
        "unity",
    ],
)
def test_a_definite_answer_has_no_doubt(text: str) -> None:
    assert not has_doubt(text)


def test_a_long_text_is_not_searched_for_doubt() -> None:
    assert has_doubt("unclear " * 500)
    assert not has_doubt("unclear " * 501)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("maybe", True),
        ("It looks like water, which might be a lake", True),
        ("probably two", True),
        ("I think so", True),
        ("either a farm or a field", True),
        ("houses on either side of the road", False),
        ("the unlikeliest of roads", False),
        ("There is a lake.", False),
        ("Mayberry", False),
    ],
)
def test_a_hedge_supposes_something(text: str, expected: bool) -> None:
    assert has_hedge(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I can't see any cars", True),
        ("I do not clearly see it", True),
        ("I cannot open the image", True),
        ("I don't find one", True),
        ("It does not exist", False),
        ("I see no cars", False),
        ("I can see", False),
    ],
)
def test_an_unseen_thing_may_still_be_there(text: str, expected: bool) -> None:
    assert sees_nothing(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("no", True),
        ("There isn't", True),
        ("Neither of them", True),
        ("a field without trees", True),
        ("The area is free of cars", True),
        ("a road rather than a river", True),
        ("other than water", True),
        ("North", False),
        ("a note", False),
        ("another road", False),
        ("Yes.", False),
    ],
)
def test_a_negation_denies_something(text: str, expected: bool) -> None:
    assert has_negation(text) is expected


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        (" doubt about it", True),
        (" longer a farm", True),
        (" more than 3", True),
        (" image was provided", True),
        (" cars", False),
        (" moreover", False),
        ("", False),
    ],
)
def test_an_idle_no_denies_nothing(rest: str, expected: bool) -> None:
    assert is_idle_no(rest) is expected


@pytest.mark.parametrize(
    ("text", "question", "expected"),
    [
        ("cars", "How many cars are there?", True),
        ("Car", "How many CARS are there?", True),
        ("cities", "Is this a city?", True),
        ("rooftops", "Is there a roof?", True),
        ("farmland", "Is there land?", True),
        ("trees", "How many cars are there?", False),
        ("classes", "Is there a class?", True),
        ("cart", "How many cars are there?", False),
        ("anything", "How many are there?", True),
        ("", "How many cars are there?", False),
        ("", "Is there any?", True),
    ],
)
def test_a_text_is_about_a_question_if_they_share_a_topic(text: str, question: str, expected: bool) -> None:
    assert is_about(text, question) is expected


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("red cars in the north", "red cars"),
        ("cars", "cars"),
        (" cars, trees", "cars"),
        ("cars that are parked", "cars"),
        ("indoor pools", "indoor pools"),
        ("in the north", ""),
        ("", ""),
    ],
)
def test_the_head_of_a_phrase_ends_at_its_first_place(phrase: str, expected: str) -> None:
    assert head(phrase) == expected
