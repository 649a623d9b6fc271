"""Names of kinds of areas: their groups, and the groups that cannot be meant."""

from __future__ import annotations

import pytest

from rsgpt_backend.data.kinds import KINDS, excluded_groups, groups_of


@pytest.mark.parametrize(("name", "group"), [(name, group) for group, names in KINDS.items() for name in names])
def test_every_common_name_belongs_to_its_group(name: str, group: str) -> None:
    assert group in groups_of([name])


@pytest.mark.parametrize(
    ("name", "groups"),
    [
        ("dense residential", {"residential"}),
        ("mobile home park", {"residential"}),
        ("airport runway", {"airport"}),
        ("storage tanks", {"tanks"}),
        ("Golf Course", {"golf"}),
        ("something else", set()),
    ],
)
def test_names_of_data_sets(name: str, groups: set[str]) -> None:
    assert groups_of([name]) == groups


def test_groups_that_may_be_meant_are_not_excluded() -> None:
    excluded = excluded_groups({"residential"})
    assert {"airport", "desert", "harbor", "sea"} <= set(excluded)
    assert not {"residential", "village", "city", "commercial", "road", "park"} & set(excluded)
