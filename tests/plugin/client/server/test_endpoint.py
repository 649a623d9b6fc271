"""Addresses as users type them, loopback addresses and allowed hosts."""

from __future__ import annotations

import random

import pytest
from qgis.PyQt.QtCore import QUrl

from rsgpt_plugin.client.server.endpoint import Endpoint, ForeignServer, read_address
from rsgpt_plugin.errors import ServerError


@pytest.mark.parametrize(
    "typed", ["http://host:8000", "http://host:8000/", "http://host:8000/v1", " http://host:8000/v1/ "]
)
def test_addresses_are_read_with_and_without_version(typed: str) -> None:
    assert read_address(typed).address("models") == "http://host:8000/v1/models"


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("https://a.example/v1/chat/completions", "https://a.example/v1"),
        ("https://a.example/api/paas/v4/", "https://a.example/api/paas/v4"),
        ("https://a.example/v1beta/openai", "https://a.example/v1beta/openai"),
        ("https://a.example/proxy?x=1", "https://a.example/proxy/v1"),
    ],
)
def test_other_versions_and_paths_are_kept(typed: str, read: str) -> None:
    assert read_address(typed).url == read


@pytest.mark.parametrize(
    "typed",
    [
        *("", "host:8000", "ftp://host", "http://", "http://host:port", "http://host:99999", "http://:8000", "//host"),
        *(
            "http://[::1",
            "http://[abc]/v1",
            "http://::1]/v1",
            "http://[::1]x/v1",
            "http://[]/v1",
            "http://[fe80::1%lo]",
        ),
        *(
            "http://ex ample/v1",
            "http://example/a b",
            "http://exa\nmple/v1",
            "http://a..b/v1",
            "http://-a/v1",
            "http://a$b",
        ),
        *("http://a\\b", "http://a|b", "http://\ud800/v1", "http://a\u2100b/v1", "http://a%20b/v1", "http://a\x00b"),
    ],
)
def test_invalid_addresses_are_refused(typed: str) -> None:
    with pytest.raises(ServerError, match="is not a server address"):
        read_address(typed)


@pytest.mark.parametrize("host", ["[::1]", "[2001:db8::7]", "example.org.", "gpu_1.local", "b\u00fccher.example"])
def test_unusual_hosts_are_addresses(host: str) -> None:
    assert read_address(f"http://{host}:8000").url == f"http://{host}:8000/v1"


def test_random_text_raises_server_error_or_is_valid_for_qt() -> None:
    generator = random.Random(16)
    parts = ["http://", "https://", "[", "]", "::1", ":", "/", "8000", "host", ".", "@", "%", "?", "#", "v1", " ", "\\"]
    parts += ["\u2100", "\ud800", "\x00", "\n", "\u00fc", "fe80", "65536", "-1", "\uff18", "[::ffff:1.2.3.4]", "_", "-"]
    accepted = 0
    for _ in range(20_000):
        beginning = generator.choice(["", "http://", "https://h", "http://["])
        text = beginning + "".join(generator.choices(parts, k=generator.randint(0, 6)))
        try:
            endpoint = read_address(text)
        except ServerError:
            continue
        accepted += 1
        address = QUrl(endpoint.address("models"))
        assert address.isValid(), text
        assert address.host(), text
        assert endpoint.origin.startswith(("http://", "https://"))
        assert endpoint.is_loopback in (True, False)
    assert accepted > 100


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
def test_only_loopback_addresses_stay_on_this_machine(host: str, stays: bool) -> None:
    assert Endpoint(f"http://{host}:80/v1").is_loopback is stays


def test_an_address_with_a_login_is_refused() -> None:
    with pytest.raises(ServerError, match="Remove the name and password"):
        read_address("https://me:s3cret@host/v1")


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://A.Example/v1", "https://a.example:443"),
        ("http://a.example/v1", "http://a.example:80"),
        ("http://[::1]:8000/v1", "http://[::1]:8000"),
    ],
)
def test_the_origin_has_scheme_and_port(url: str, origin: str) -> None:
    assert Endpoint(url).origin == origin


@pytest.mark.parametrize(
    ("url", "in_flight"), [("http://127.0.0.1:11434", 1), ("http://10.0.0.1:1234", 1), ("http://127.0.0.1:8000", 8)]
)
def test_sequential_servers_get_one_request_at_a_time(url: str, in_flight: int) -> None:
    assert ForeignServer(read_address(url)).in_flight == in_flight


def test_the_key_is_not_in_the_repr() -> None:
    assert "s3cret" not in repr(Endpoint("http://127.0.0.1/v1", "s3cret"))
