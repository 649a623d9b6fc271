"""Addresses as people type them, and what counts as this machine."""

from __future__ import annotations

import pytest

from rsgpt_plugin.client.endpoint import Endpoint, read_address
from rsgpt_plugin.errors import ServerError


@pytest.mark.parametrize(
    "typed", ["http://host:8000", "http://host:8000/", "http://host:8000/v1", " http://host:8000/v1/ "]
)
def test_addresses_are_read_with_and_without_version(typed: str) -> None:
    assert read_address(typed).address("models") == "http://host:8000/v1/models"


@pytest.mark.parametrize("typed", ["", "host:8000", "ftp://host", "http://"])
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(ServerError, match="is no server address"):
        read_address(typed)


@pytest.mark.parametrize(
    ("host", "stays"),
    [
        ("127.0.0.1", True),
        ("[::1]", True),
        ("localhost", True),
        ("127.0.0.1.evil.example", False),
        ("localhost.evil.example", False),
        ("192.168.0.2", False),
        ("0.0.0.0", False),
    ],
)
def test_only_loopback_is_this_machine(host: str, stays: bool) -> None:
    assert Endpoint(f"http://{host}:80/v1").is_loopback is stays


def test_the_key_is_in_no_repr() -> None:
    assert "s3cret" not in repr(Endpoint("http://127.0.0.1/v1", "s3cret"))
