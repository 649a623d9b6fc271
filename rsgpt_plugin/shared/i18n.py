"""Translation for modules without Qt, through a translator that the plugin sets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Optional

Translator = Callable[[str, str], str]

_translators: list[Translator] = []


def set_translator(translator: Optional[Translator]) -> None:
    """Translate with `translator(context, text)` from now on; None restores English."""
    _translators[:] = [translator] if translator else []


def translate(context: str, text: str) -> str:
    """Return `text` in the user's language. Call it when the text is shown, not when a module is loaded."""
    return _translators[0](context, text) if _translators else text


def mark(text: str) -> str:
    """Return `text` unchanged. The translation tool collects it from tables that are built when a module is loaded."""
    return text


def marked(text: str) -> str:
    """Return a text that was passed to `mark` in the user's language."""
    return translate("Rsgpt", text)
