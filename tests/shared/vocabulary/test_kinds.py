"""Names of kinds of areas: their groups, and the groups that cannot be meant."""

from __future__ import annotations

import pytest

from rsgpt_plugin.shared.vocabulary.kinds import (
    KINDS,
    are_distinct,
    excluded_groups,
    groups_of,
    name_kinds,
    named_by,
    names_of,
    shares_of_options,
)


@pytest.mark.parametrize(("name", "group"), [(name, group) for group in KINDS for name in names_of(group)])
def test_every_name_belongs_to_its_group(name: str, group: str) -> None:
    assert group in groups_of([name])


@pytest.mark.parametrize(
    ("name", "groups"),
    [
        ("dense residential", {"residential"}),
        ("mobile home park", {"residential"}),
        ("mobilehomepark", {"residential"}),
        ("resident", {"residential"}),
        ("playfields", {"sports"}),
        ("airport runway", {"airport"}),
        ("storage tanks", {"tanks"}),
        ("Golf Course", {"golf"}),
        ("something else", set()),
        ("warehouse", {"industrial"}),
        ("railroad", {"railway"}),
        ("broad-leaved forest", {"forest"}),
        ("vineyard", {"farmland"}),
        ("shipyard", {"harbor"}),
        ("tank farm", {"tanks"}),
        ("graveyard", set()),
        ("greenhouse", set()),
        ("hiking trail", set()),
        ("water tower", set()),
        ("swimming pool", set()),
    ],
)
def test_names_of_data_sets(name: str, groups: set[str]) -> None:
    assert groups_of([name]) == groups


def test_groups_that_may_be_meant_are_not_excluded() -> None:
    excluded = excluded_groups({"residential"})
    assert {"airport", "desert", "harbor", "sea"} <= set(excluded)
    assert not {"residential", "village", "city", "commercial", "road", "park"} & set(excluded)


def test_options_share_the_probabilities_of_their_groups() -> None:
    probabilities = {"residential": 0.5, "village": 0.2, "farmland": 0.2, "sea": 0.1}
    shares = shares_of_options(probabilities, ["housing", "agricultural land", "airport"])
    assert shares == pytest.approx([0.6, 0.3, 0.0])  # a village may be either of the first two; the sea is none


def test_names_of_likely_groups() -> None:
    probabilities = {"lake": 0.6, "sea": 0.36, "forest": 0.04}
    names = named_by(probabilities, 0.05)
    assert names["pond"] == 0.6
    assert [names["ocean"], names["bay"]] == pytest.approx([0.36, 0.072])  # a bay is one kind of sea
    assert "woods" not in names
    assert set(named_by(probabilities, 0.9)) == {"lake", "pond"}


def test_words_for_several_groups() -> None:
    probabilities = {"sea": 0.3, "lake": 0.2, "forest": 0.25, "grassland": 0.25}
    assert shares_of_options(probabilities, ["water", "vegetation"]) == pytest.approx([0.5, 0.5])


@pytest.mark.parametrize(
    "options",
    [
        ["sea", "pink"],
        ["dense residential", "sparse residential"],
        ["forest", "no forest"],
        ["residential", "non-residential"],
        ["sea", "other"],
        [],
    ],
)
def test_options_that_the_groups_do_not_tell_apart(options: list[str]) -> None:
    assert not are_distinct(options)


@pytest.mark.parametrize(
    ("options", "are_kinds"),
    [(["sea", "pink"], True), (["yes", "no"], False), (["red", "pink"], False), (["sea", "not sea"], False)],
)
def test_whether_options_name_kinds(options: list[str], are_kinds: bool) -> None:
    assert name_kinds(options) == are_kinds


def test_what_fits_no_option_is_left_for_those_that_name_no_kind() -> None:
    probabilities = {"wetland": 0.7, "railway": 0.2, "city": 0.1}
    assert shares_of_options(probabilities, ["railway", "tidal flat"]) == pytest.approx([0.2 + 0.1, 0.7])
    assert shares_of_options({"sea": 1.0}, ["tidal flat", "salt pan"]) == [0.5, 0.5]


def test_compound_words_are_distinct() -> None:
    assert shares_of_options({"residential": 0.8, "road": 0.2}, ["residential area", "warehouse district"]) == [
        1.0,
        0.0,
    ]
    assert shares_of_options({"road": 0.9}, ["road", "railroad"]) == [0.9, 0.0]
