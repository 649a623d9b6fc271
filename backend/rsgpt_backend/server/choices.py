"""Reads the answers that a request allows, in vLLM's words. It knows the protocol, not HTTP and not the engine."""

from __future__ import annotations

from typing import Any

from . import limits
from .refusals import Fields, refuse


def read_choices(fields: Fields) -> tuple[str, ...]:
    """The choices of `structured_outputs` or, as it was once called, `guided_choice`; none where all may be said."""
    wanted = fields.get("structured_outputs")
    if wanted is None:
        return _checked(fields.get("guided_choice"), "guided_choice")
    if not isinstance(wanted, dict):
        refuse("structured_outputs must be an object with a list called choice.")
    if any(value for name, value in wanted.items() if name != "choice"):
        refuse("structured_outputs may hold choice alone; leave the rest out.")
    return _checked(wanted.get("choice"), "structured_outputs.choice")


def _checked(choices: Any, name: str) -> tuple[str, ...]:
    if choices is None:
        return ()
    if not isinstance(choices, list) or not 1 < len(choices) <= limits.MAX_CHOICES:
        refuse(f"{name} must be a list of 2 to {limits.MAX_CHOICES} texts.")
    if not all(isinstance(choice, str) and _is_sound(choice) for choice in choices):
        refuse(f"Each text of {name} must have 1 to {limits.MAX_CHOICE_CHARS} characters, and no half ones.")
    if len(set(choices)) < len(choices):
        refuse(f"{name} holds a text twice; remove one.")
    return tuple(choices)


def _is_sound(choice: str) -> bool:
    is_whole = not any("\ud800" <= character <= "\udfff" for character in choice)
    return bool(choice.strip()) and len(choice) <= limits.MAX_CHOICE_CHARS and is_whole
