"""Reports of unexpected exceptions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from qgis.core import QgsApplication

from rsgpt_plugin import unexpected


@pytest.fixture
def log(qgis_app: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The messages in QGIS's log."""
    monkeypatch.setattr(unexpected, "_logged", Counter())
    messages: list[str] = []

    def collect(message: str, tag: str, level: int) -> None:
        if tag == unexpected.LOG:
            messages.append(message)

    QgsApplication.messageLog().messageReceived.connect(collect)
    yield messages
    QgsApplication.messageLog().messageReceived.disconnect(collect)


def explained(error: Exception) -> str:
    try:
        raise error
    except Exception as caught:
        return unexpected.log_unexpected(caught)


def test_the_message_names_the_error_and_the_log_has_the_traceback(log: list[str]) -> None:
    text = explained(ValueError("operands could not be broadcast."))
    assert text == ("Unexpected error ValueError: operands could not be broadcast. See “RSGPT” in QGIS's log messages.")
    (message,) = log
    assert message.startswith("Traceback")
    assert "raise error" in message


def test_the_message_has_no_control_characters_and_is_short(log: list[str]) -> None:
    text = explained(UnicodeEncodeError("utf-8", "\ud83d\0", 0, 1, "half \ud83d of it\0"))
    text.encode("utf-8")
    assert "\0" not in text + log[0]
    assert len(explained(ValueError("long" * 1000))) < 400


def test_a_repeated_failure_does_not_flood_the_log(log: list[str]) -> None:
    for number in range(50):
        explained(ValueError(f"row {number}"))
    assert len(log) == 10
