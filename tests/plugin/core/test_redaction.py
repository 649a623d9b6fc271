"""Redaction of private data: what is removed and what stays."""

from __future__ import annotations

import pytest

from rsgpt_plugin.core.redaction import REMOVED, redacted, redacted_address

PLACES = {"/srv/homes/ada": "~", "/srv/homes/ada/data/rsgpt": "<data>", "C:\\Users\\Ada": "~"}
NAMES = ["ada", "adas-laptop"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("open /srv/homes/ada/maps/a.tif", "open ~/maps/a.tif"),
        ("log /srv/homes/ada/data/rsgpt/log", "log <data>/log"),
        ("/srv/homes/adamant/x", "/srv/homes/adamant/x"),
        (r"C:\Users\Ada\a.tif and C:\\Users\\Ada\\b.tif", r"~\a.tif and ~\\b.tif"),
        ("/home/grace/x.tif, /Users/grace/y", "/home/[removed]/x.tif, /Users/[removed]/y"),
        ("host Adas-Laptop, user ada.", "host [removed], user [removed]."),
        ("canada stays", "canada stays"),
        ("Authorization: Bearer abc.def-1", "Authorization: Bearer [removed]"),
        ('{"api_key": "tiny", "x": 1}', '{"api_key": "[removed]", "x": 1}'),
        ("PASSWORD=hunter2 and token: t1", "PASSWORD=[removed] and token: [removed]"),
        ("used sk-abcdefgh1234 here", "used [removed] here"),
        ("key " + "aB3_" * 10, "key [removed]"),
        ("https://ada:pw@tiles.example.org:8443/z?key=1 ok", "https://[removed] ok"),
        ("http://127.0.0.1:8123/v1/models?key=1 ok", "http://127.0.0.1:8123 ok"),
        ("tokens: 12 a second", "tokens: [removed] a second"),
        ("torch 2.13.0+cpu, 24 scenes of 256 px", "torch 2.13.0+cpu, 24 scenes of 256 px"),
    ],
)
def test_redacted_removes_private_data(text: str, expected: str) -> None:
    assert redacted(text, PLACES, NAMES) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://tiles.example.org/a/b?key=1", "https://[removed]"),
        ("http://localhost:8080/v1", "http://localhost:8080"),
        ("http://localhost/v1", "http://localhost"),
        ("http://ada:secret@127.0.0.1:8123/v1", "http://127.0.0.1:8123"),
        ("http://localhost.example.org/", "http://[removed]"),
        ("http://192.168.1.7:11434", "http://[removed]"),
        ("file:///srv/maps/a.tif", "file:///srv/maps/a.tif"),
        ("http://host:port/", REMOVED),
        ("http://[::1/", REMOVED),
    ],
)
def test_an_address_keeps_only_this_machine(url: str, expected: str) -> None:
    assert redacted_address(url) == expected


def test_a_file_address_loses_the_home_folder() -> None:
    assert redacted("open file:///srv/homes/ada/a.tif", PLACES, NAMES) == "open file://~/a.tif"


@pytest.mark.parametrize("path", ["/", "", "~"])
def test_a_path_of_one_character_is_not_replaced(path: str) -> None:
    assert redacted("a/b ~c", {path: "<root>"}, []) == "a/b ~c"


@pytest.mark.parametrize("name", ["a.b", "(ada)", "a+", "\\d"])
def test_a_name_is_not_a_pattern(name: str) -> None:
    assert redacted(f"by {name} axb 7", {}, [name]) == f"by {REMOVED} axb 7"


def test_no_names_remove_nothing() -> None:
    assert redacted("a plain line", {}, ["", ""]) == "a plain line"


def test_several_secrets_of_one_line_are_removed() -> None:
    text = "Authorization: Bearer abc.def-1, api_key=tiny at https://ada:pw@example.org/x and /home/ada/a.tif"
    assert redacted(text, PLACES, NAMES) == (
        "Authorization: Bearer [removed], api_key=[removed] at https://[removed] and /home/[removed]/a.tif"
    )
