"""The picture and the prompt of a conversation.

The model answers one question about one picture. From a longer conversation it gets the last question and the newest
picture. Other messages, such as system and developer messages, are not shown to the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import limits
from .refusals import Fields, refuse

_ROLES = ("system", "developer", "user", "assistant", "tool", "function")


def read_messages(messages: Any) -> tuple[str, str]:
    """Return the URL of the picture and the prompt, which is "" if there is no text. Raises Refusal 400."""
    if not isinstance(messages, list) or not all(isinstance(message, dict) for message in messages):
        refuse("messages must be a list of objects.")
    if any(message.get("role") not in _ROLES for message in messages):
        refuse("Each message needs a role: system, developer, user or assistant.")
    turns = [message for message in messages if message["role"] not in ("system", "developer")]
    if not turns or turns[-1]["role"] != "user":
        refuse("The last message must be the user's, with the question.")
    user_parts = [_parts(message) for message in turns if message["role"] == "user"]
    text = "\n".join(_text(part) for part in user_parts[-1] if part["type"] == "text").strip()
    if len(text) > limits.MAX_PROMPT_CHARS:
        refuse(f"Shorten the text to {limits.MAX_PROMPT_CHARS} characters.")
    return _picture_url(user_parts), text


def _parts(message: Fields) -> list[Fields]:
    content = message.get("content")
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
    if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
        refuse("The user message's content must be a string or a list of image_url and text parts.")
    if any(part.get("type") not in ("image_url", "text") for part in parts):
        refuse("The parts of a message must be of type image_url or text.")
    return parts


def _picture_url(user_parts: Sequence[Sequence[Fields]]) -> str:
    """Return the URL of the newest picture."""
    for parts in reversed(user_parts):
        pictures = [part for part in parts if part["type"] == "image_url"]
        if len(pictures) > 1 and parts is user_parts[-1]:
            refuse("Send one picture per question; this model cannot compare pictures.")
        if pictures:
            return picture_url(pictures[-1])
    refuse("This model answers questions about a picture; send one as an image_url part.")


def picture_url(part: Fields) -> str:
    """Return the URL in an image_url part. Raises Refusal 400."""
    target = part.get("image_url")
    url = target.get("url") if isinstance(target, dict) else target
    if not isinstance(url, str):
        refuse("image_url must be an object with a url.")
    return url


def _text(part: Fields) -> str:
    text = part.get("text")
    if not isinstance(text, str):
        refuse("The text of a text part must be a string.")
    check_characters(text)
    return text


def check_characters(text: str) -> None:
    """Raise Refusal 400 if a text cannot be encoded."""
    if any("\ud800" <= character <= "\udfff" for character in text):
        refuse("The text contains a lone surrogate (half a character); remove it.")
