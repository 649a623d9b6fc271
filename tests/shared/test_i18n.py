"""Texts are English until a translator is set, and are translated when they are shown."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rsgpt_plugin.shared.i18n import mark, marked, set_translator, translate


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Restore English after each test."""
    set_translator(None)
    yield
    set_translator(None)


def tagged(context: str, text: str) -> str:
    return f"<{context}> {text}"


def test_texts_are_english_without_a_translator() -> None:
    assert translate("Rsgpt", "Ready") == "Ready"
    assert marked("Ready") == "Ready"


def test_texts_are_translated_in_their_context() -> None:
    set_translator(tagged)
    assert translate("QPlatformTheme", "Cancel") == "<QPlatformTheme> Cancel"


def test_marked_texts_are_unchanged_until_they_are_shown() -> None:
    set_translator(tagged)
    text = mark("Ready")
    assert text == "Ready"
    assert marked(text) == "<Rsgpt> Ready"


def test_a_translator_replaces_the_one_before_and_none_restores_english() -> None:
    set_translator(tagged)
    set_translator(lambda _, text: text.upper())
    assert translate("Rsgpt", "Ready") == "READY"
    set_translator(None)
    assert translate("Rsgpt", "Ready") == "Ready"
