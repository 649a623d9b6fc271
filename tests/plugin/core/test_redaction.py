"""Redaction of private data: what is removed and what stays."""

from __future__ import annotations

import pytest

from rsgpt_plugin.core.redaction import redacted

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
