"""Questions derived from captions have correct answers: reliable negatives, and counts that sentences agree on."""

from __future__ import annotations

import pytest

from rsgpt_backend.data.annotations import CaptionRecord, QuestionRecord
from rsgpt_backend.train.examples.derived_questions import (
    MIN_SCENE,
    TrainingExample,
    asked_question,
    derived_questions,
)

TOWN = ("Many houses along a road.", "Houses and a road.", "Some houses with cars.")


def scene(count: int, *odd: tuple[str, ...], name: str = "town") -> list[CaptionRecord]:
    """Records of one scene with the same sentences; `odd` ones come first."""
    sentences = [*odd, *[TOWN] * (count - len(odd))]
    return [CaptionRecord(f"{number}.png", captions, name) for number, captions in enumerate(sentences)]


def asked(examples: list[TrainingExample], filename: str, kind: str) -> dict[str, str]:
    """The first wording of each question of a kind about a picture, and its answer."""
    found = [one for one in examples if (one.filename, one.kind) == (filename, kind)]
    return {one.prompts[0]: one.answers[0] for one in found}


def presence(records: list[CaptionRecord], filename: str = "0.png") -> dict[str, str]:
    """Presence answers by object; objects without a derived question are left out."""
    found = asked(derived_questions(records), filename, "presence")
    return {prompt.removeprefix("Are there any ").rstrip("?"): answer for prompt, answer in found.items()}


def test_a_choice_lists_the_scene_and_others() -> None:
    records = [*scene(3), *scene(1, name="forest"), *scene(1, name="harbor"), *scene(1, name="town hall")]
    choices = [one for one in derived_questions(records) if one.kind == "choice"]
    assert {"town", "forest", "harbor", "town hall"} <= {one.answers[0] for one in choices}
    assert {"city", "woodland", "port"} & {one.answers[0] for one in choices}  # common names of the kinds
    for example in choices:
        for prompt in example.prompts:
            options = prompt.removesuffix(".").partition(" Choose one of: ")[2].split(", ")
            assert example.answers[0] in options
            assert 2 <= len(options) == len(set(options)) <= 7
            rivals = [one for one in options if one != example.answers[0]]
            assert not any(one in example.answers[0] or example.answers[0] in one for one in rivals)
    places = {one.prompts[0].index(one.answers[0]) for one in choices}
    assert len(places) > 1  # the truth does not always come first
    assert choices == [one for one in derived_questions(records) if one.kind == "choice"]


def test_without_another_scene_there_is_nothing_to_choose() -> None:
    assert not [one for one in derived_questions(scene(3)) if one.kind in ("choice", "alternative")]


def test_an_alternative_names_two_scenes_with_articles() -> None:
    names = ("airport", "farmland", "dense residential", "storage tanks")
    records = [record for name in names for record in scene(1, name=name)]
    examples = [one for one in derived_questions(records) if one.kind == "alternative" and one.answers[0] in names]
    assert [one.answers[0] for one in examples] == list(names)
    articled = ("an airport", "farmland", "dense residential", "storage tanks")
    for name, example in zip(articled, examples, strict=True):
        for prompt in example.prompts:
            first, _, second = prompt.rstrip("?").partition(" or ")
            assert first.endswith(f" {name}") != (second == name)
            assert second in articled or first.endswith(articled)
    assert {prompt.index(" or ") < prompt.index("farmland") for prompt in examples[1].prompts} == {True, False}


@pytest.mark.parametrize(
    ("name", "answers"),
    [("farmland", {"rural", "the countryside"}), ("school", {"urban", "a town"}), ("pond", set())],
)
def test_town_or_countryside_is_asked_for_certain_scenes(name: str, answers: set[str]) -> None:
    examples = [one for one in derived_questions(scene(1, name=name)) if one.kind == "alternative"]
    assert {one.answers[0] for one in examples} == answers
    for example in examples:
        assert all(example.answers[0] in prompt for prompt in example.prompts)


def test_an_object_in_two_sentences_is_present() -> None:
    found = presence(scene(MIN_SCENE))
    assert (found["houses"], found["buildings"], found["roads"]) == ("yes", "yes", "yes")


def test_an_object_in_one_of_several_sentences_is_not_asked_about() -> None:
    assert "cars" not in presence(scene(MIN_SCENE))


@pytest.mark.parametrize("captions", [("A car.",), ("A car.",) * 5, ("A car.", "a CAR")])
def test_a_single_sentence_gives_no_presence_questions(captions: tuple[str, ...]) -> None:
    records = scene(MIN_SCENE + 1, captions)
    found = [one for one in derived_questions(records) if (one.filename, one.kind) == ("0.png", "presence")]
    assert found == []
    assert asked(derived_questions(records), "0.png", "quantity") == {}
    assert presence(records, "1.png")["airplanes"] == "no"  # derived for the other pictures, which have three sentences


def test_pictures_with_one_sentence_do_not_make_an_object_rare() -> None:
    """90 of 100 pictures have one sentence: an object that half of the others name is not absent."""
    brief = [CaptionRecord(f"b{number}.png", ("A town.",) * 5, "town") for number in range(90)]
    boats = ("Boats.", "White boats.", "Houses.")
    assert "boats" not in presence([*scene(10, boats, boats), *brief], "5.png")


def test_pictures_without_a_label_are_not_one_scene() -> None:
    records = [CaptionRecord(f"{number}.png", TOWN, "") for number in range(100)]
    answers = {one.answers[0] for one in derived_questions(records) if one.kind in ("presence", "quantity")}
    assert answers == {"yes"}


def test_an_object_that_no_picture_of_the_scene_names_is_absent() -> None:
    found = presence(scene(MIN_SCENE))
    assert (found["airplanes"], found["boats"]) == ("no", "no")


def test_absent_objects_have_the_count_zero() -> None:
    found = asked(derived_questions(scene(MIN_SCENE)), "0.png", "quantity")
    assert found["How many airplanes are there?"] == "zero"
    assert not any("houses" in prompt and answer == "zero" for prompt, answer in found.items())
    assert "How many runways are there?" not in found  # not a question about an object


def test_nothing_is_absent_from_a_scene_of_few_pictures() -> None:
    assert "no" not in presence(scene(MIN_SCENE - 1)).values()


def test_an_object_that_some_pictures_of_the_scene_name_is_not_absent() -> None:
    boats = ("Boats.", "White boats.", "Many boats.")
    assert "boats" not in presence(scene(49, boats), "1.png")  # 1 in 49 is more than 2 in 100
    assert presence(scene(50, boats), "1.png")["boats"] == "no"


def test_the_rate_is_of_the_same_scene_only() -> None:
    other = [CaptionRecord(f"x{number}.png", ("Boats.",) * 3, "harbor") for number in range(40)]
    assert presence([*scene(MIN_SCENE), *other])["boats"] == "no"


def test_rarely_mentioned_objects_are_absent_only_in_scenes_without_them() -> None:
    assert "trees" not in presence(scene(MIN_SCENE, name="freeway"))
    assert presence(scene(MIN_SCENE, name="port"))["trees"] == "no"  # another name for a harbor


def test_no_question_has_two_answers() -> None:
    for record in (records := scene(50, ("Two trees.", "A tree", "A lake"))):
        found = [one for one in derived_questions(records) if (one.filename, one.kind) == (record.filename, "presence")]
        answers: dict[str, set[str]] = {}
        for one in found:
            answers.setdefault(one.prompts[0], set()).update(one.answers)
        assert all(len(given) == 1 for given in answers.values())


def test_scene_counts_and_colors() -> None:
    record = CaptionRecord(
        "0.png", ("Two grey roofs and two tennis courts", "two tennis courts, a grey roof"), "golfcourse"
    )
    examples = derived_questions([record])
    assert asked(examples, "0.png", "scene") == {"What kind of area is this?": "golf course"}
    assert asked(examples, "0.png", "quantity") == {"How many tennis courts are there?": "two"}
    assert asked(examples, "0.png", "colour") == {"What color is the roof?": "gray"}


def test_surroundings() -> None:
    record = CaptionRecord("0.png", ("Many green trees are around a pond.",) * 2, "park")
    found = asked(derived_questions([record]), "0.png", "surroundings")
    assert found == {"What is next to the pond?": "trees", "What is next to the trees?": "pond"}


def test_a_picture_without_a_scene_gets_no_scene_question() -> None:
    assert asked(derived_questions([CaptionRecord("0.png", ("A road.",))]), "0.png", "scene") == {}


def test_a_question_of_a_data_set_keeps_its_words() -> None:
    example = asked_question(QuestionRecord("0.png", "What is the theme of this picture?", " farmland ", "scene"))
    assert example == TrainingExample("0.png", ("What is the theme of this picture?",), ("farmland",), "scene", False)


@pytest.mark.parametrize(
    ("question", "kind", "other"),
    [
        ("How many storage tanks in the picture?", "quantity", "How many storage tanks are there?"),
        ("Does this picture contain trees?", "presence", "Are there any trees?"),
        ("Does this picture contain an airplane?", "presence", "Are there any airplanes?"),
        ("Does this picture contain water?", "presence", "Is there any water?"),
    ],
)
def test_a_question_of_a_known_form_gets_other_wordings(question: str, kind: str, other: str) -> None:
    prompts = asked_question(QuestionRecord("0.png", question, "1", kind)).prompts
    assert prompts[0] == question
    assert other in prompts


@pytest.mark.parametrize(
    ("question", "answer", "kind", "oriented"),
    [
        ("Where are the planes?", "they are parked", "position", True),
        ("What is on the left?", "a road", "other", True),
        ("What is there?", "a road in the upper part", "other", True),
        ("What is there?", "a road", "other", False),
    ],
)
def test_questions_that_depend_on_orientation(question: str, answer: str, kind: str, oriented: bool) -> None:
    assert asked_question(QuestionRecord("0.png", question, answer, kind)).oriented is oriented
