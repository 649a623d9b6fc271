"""Keys are long and random, and only the key of the launch as a bearer token passes."""

from __future__ import annotations

import re

import pytest

from rsgpt_backend.server.middleware.key import new_key, require_key
from rsgpt_backend.server.protocol.refusals import Refusal
from tests.backend.server.scopes import request_scope

KEY = "a-Key_of-the-launch"


def authorization(value: str) -> tuple[str, str]:
    return "authorization", value


def test_keys_are_long_and_unique() -> None:
    keys = {new_key() for _ in range(1_000)}
    assert len(keys) == 1_000
    assert all(re.fullmatch(r"[\w-]{43}", key, re.ASCII) for key in keys)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_key_passes_and_is_noted_in_the_state(scheme: str) -> None:
    scope = request_scope(authorization(f"{scheme} {KEY}"))
    require_key(KEY)(scope)
    assert scope["state"] == {"has_key": True}


def test_other_entries_of_the_state_are_kept() -> None:
    scope = {**request_scope(authorization(f"Bearer {KEY}")), "state": {"other": 1}}
    require_key(KEY)(scope)
    assert scope["state"] == {"other": 1, "has_key": True}


@pytest.mark.parametrize(
    "values",
    [
        (),
        ("",),
        (KEY,),
        ("Bearer",),
        ("Bearer ",),
        (f"Bearer {KEY[:-1]}",),
        (f"Bearer {KEY}x",),
        (f"Bearer  {KEY}",),
        (f"Bearer {KEY.lower()}",),
        (f"Basic {KEY}",),
        ("Bearer \xff\xfe",),
        (f"Bearer {KEY}", f"Bearer {KEY}"),
    ],
)
def test_a_wrong_missing_or_repeated_key_is_refused(values: tuple[str, ...]) -> None:
    scope = request_scope(*map(authorization, values))
    with pytest.raises(Refusal, match="Send the key of this launch as a bearer token") as caught:
        require_key(KEY)(scope)
    assert (caught.value.status, caught.value.code) == (401, "invalid_api_key")
    assert "state" not in scope
