"""Classify refusals of servers by their HTTP status and message."""

from __future__ import annotations

import re
from enum import Enum

_ANY_CASE = re.IGNORECASE
_TEXT_ONLY = re.compile(
    r"mmproj|not a multimodal model|unknown variant `image_url`|image_url is only supported|required for image input"
    r"|(does|do|is|are) ?n[o']t support(ed)?( for)?( any)? (image|vision|multimodal)"
    r"|(image|vision|multimodal)( \w+){0,2} (is|are) not (supported|enabled)|support image input|text[- ]only model",
    _ANY_CASE,
)
_TOO_LARGE = re.compile(
    r"(image|picture|payload|entity|body|pixel|dimension|megabyte).{0,60}(large|too big|too many|exceed|maximum|limit)"
    r"|(exceed|maximum|too large|limit).{0,60}(image|picture|payload|entity|body|pixel|dimension)",
    _ANY_CASE | re.DOTALL,
)
_KEY = re.compile(r"api[ _-]?key|unauthori[sz]ed|authenticat|invalid token|not logged in", _ANY_CASE)


class Complaint(Enum):
    """The reason of a refusal, as far as it decides what to do next."""

    KEY = "key"
    TEXT_ONLY = "text only"
    TOO_LARGE = "too large"
    FIELDS = "fields"
    OTHER = "other"


def classify_refusal(status: int, message: str) -> Complaint:
    """Return the reason of a refusal. FIELDS: the request may succeed without its optional fields."""
    if status in (401, 403):
        return Complaint.KEY
    if _TEXT_ONLY.search(message):
        return Complaint.TEXT_ONLY
    if status == 413 or (status in (400, 422) and _TOO_LARGE.search(message)):
        return Complaint.TOO_LARGE
    if status >= 400 and _KEY.search(message):  # some servers reply 400 or 500 instead of 401
        return Complaint.KEY
    return Complaint.FIELDS if status in (400, 422) else Complaint.OTHER
