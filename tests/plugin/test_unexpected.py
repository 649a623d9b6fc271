"""What is told of an exception that nobody expected."""

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
    said: list[str] = []

    def hear(message: str, tag: str, level: int) -> None:
        if tag == unexpected.LOG:
            said.append(message)

    QgsApplication.messageLog().messageReceived.connect(hear)
    yield said
    QgsApplication.messageLog().messageReceived.disconnect(hear)


def raised(error: Exception) -> str:
    try:
        raise error
    except Exception as caught:
        return unexpected.explained(caught)


def test_the_sentence_names_the_error_and_the_log_holds_the_traceback(log: list[str]) -> None:
    said = raised(ValueError("operands could not be broadcast."))
    assert said == ("Unexpected error ValueError: operands could not be broadcast. See “RSGPT” in QGIS's log messages.")
    (message,) = log
    assert message.startswith("Traceback")
    assert "raise error" in message


def test_a_sentence_can_be_written_anywhere(log: list[str]) -> None:
    said = raised(UnicodeEncodeError("utf-8", "\ud83d\0", 0, 1, "half \ud83d of it\0"))
    said.encode("utf-8")
    assert "\0" not in said + log[0]
    assert len(raised(ValueError("long" * 1000))) < 400


def test_the_same_failure_does_not_flood_the_log(log: list[str]) -> None:
    for number in range(50):
        raised(ValueError(f"row {number}"))
    assert len(log) == 10
