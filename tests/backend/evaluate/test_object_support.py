"""Invented objects are in no reference; recalled ones are in most references and in the caption."""

from __future__ import annotations

from rsgpt_backend.evaluate.object_support import compare_objects, rates

REFERENCES = ("A river in a forest.", "A stream between trees.", "A river and a road.")


def test_an_object_in_no_reference_is_invented() -> None:
    found = compare_objects("Some airplanes near a river.", REFERENCES)
    assert found.invented == ("airplanes",)
    assert "rivers" in found.named


def test_a_synonym_is_not_invented() -> None:
    assert compare_objects("A canal through a wood.", REFERENCES).invented == ()


def test_one_reference_supports_an_object_but_most_must_agree_on_it() -> None:
    found = compare_objects("A road.", REFERENCES)
    assert found.invented == ()
    assert "roads" not in found.agreed
    assert {"trees", "rivers"} <= set(found.agreed)
    assert found.recalled == ()


def test_a_repeated_reference_counts_once() -> None:
    assert compare_objects("A river.", ("A river.",) * 5).agreed == ()
    assert "rivers" in compare_objects("A river.", ("A river.", "A wide river.", "A wide river.", "A road.")).agreed
    assert (
        "rivers" not in compare_objects("A river.", ("A river.", "A road.", "A town.", "A river.", "A river.")).agreed
    )


def test_rates_are_shares_of_all_objects() -> None:
    support = [compare_objects("Airplanes, cars, trees and a river.", REFERENCES), compare_objects("Hm.", REFERENCES)]
    named, agreed = len(support[0].named), len(support[0].agreed)
    assert rates(support)["invented"] == round(100 * 2 / named, 2)
    assert rates(support)["recalled"] == round(100 * len(support[0].recalled) / (2 * agreed), 2)


def test_a_caption_without_objects_invents_nothing() -> None:
    assert rates([compare_objects("Hm.", ("Well.",))]) == {"invented": 0.0, "recalled": 0.0}
