"""The user's language for modules without Qt. Knows no language itself: a translator is lent by the plugin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Optional

Translator = Callable[[str, str], str]

_lent: list[Translator] = []


def lend(translator: Optional[Translator]) -> None:
    """Translate with `translator`, given context and text, from now on; with None, say things in English again."""
    _lent[:] = [translator] if translator else []


def translate(context: str, text: str) -> str:
    """`text` in the user's language. To be called when it is shown, not when a module is loaded."""
    return _lent[0](context, text) if _lent else text


def mark(text: str) -> str:
    """`text` as it is, to be collected for translation: for tables that are made when a module is loaded."""
    return text


def marked(text: str) -> str:
    """A text that was marked, in the user's language."""
    return translate("Rsgpt", text)
