"""What no reference names is invented; what most name and the caption does not is left out."""

from __future__ import annotations

from rsgpt_backend.evaluate.object_support import rates, supported

REFERENCES = ("A river in a forest.", "A stream between trees.", "A river and a road.")


def test_what_no_reference_names_is_invented() -> None:
    found = supported("Some airplanes near a river.", REFERENCES)
    assert found.invented == ("airplanes",)
    assert "rivers" in found.named


def test_another_word_for_the_same_is_borne_out() -> None:
    assert supported("A canal through a wood.", REFERENCES).invented == ()


def test_one_reference_bears_out_but_only_most_must_be_recalled() -> None:
    found = supported("A road.", REFERENCES)
    assert found.invented == ()
    assert "roads" not in found.agreed
    assert {"trees", "rivers"} <= set(found.agreed)
    assert found.recalled == ()


def test_a_repeated_reference_counts_once() -> None:
    assert supported("A river.", ("A river.",) * 5).agreed == ()
    assert "rivers" in supported("A river.", ("A river.", "A wide river.", "A wide river.", "A road.")).agreed
    assert "rivers" not in supported("A river.", ("A river.", "A road.", "A town.", "A river.", "A river.")).agreed


def test_rates_are_shares_of_all_objects() -> None:
    support = [supported("Airplanes, cars, trees and a river.", REFERENCES), supported("Hm.", REFERENCES)]
    named, agreed = len(support[0].named), len(support[0].agreed)
    assert rates(support)["invented"] == round(100 * 2 / named, 2)
    assert rates(support)["recalled"] == round(100 * len(support[0].recalled) / (2 * agreed), 2)


def test_where_nothing_is_named_nothing_is_invented() -> None:
    assert rates([supported("Hm.", ("Well.",))]) == {"invented": 0.0, "recalled": 0.0}
