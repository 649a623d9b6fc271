"""Conversion of a reply to an outcome, also if parsing fails unexpectedly."""

from __future__ import annotations

import pytest

from rsgpt_plugin.client import model_client
from rsgpt_plugin.client.model_client import read_outcome
from rsgpt_plugin.client.server.protocol import Reply
from rsgpt_plugin.errors import ServerError

WHOLE = b'{"choices": [{"message": {"content": "a boat"}}]}'


def test_read_outcome_returns_the_reply_or_its_error() -> None:
    reply, error = read_outcome(WHOLE), read_outcome(b"no JSON")
    assert isinstance(reply, Reply)
    assert reply.text == "a boat"
    assert isinstance(error, ServerError)
    assert "did not reply with JSON" in str(error)


def test_an_unexpected_exception_becomes_the_outcome_of_its_prompt(
    qgis_app: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_client, "parse_reply", lambda body: body.index(b"not there"))
    error = read_outcome(WHOLE)
    assert isinstance(error, ServerError)
    assert str(error).startswith("Unexpected error ValueError: subsection not found.")
