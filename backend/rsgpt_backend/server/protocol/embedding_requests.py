"""Embedding requests: validation, and conversion to texts and pictures.

A text is a string, as in OpenAI's protocol; a picture is {"image_url": {"url": "data:…"}}, as in a chat message, with
an optional gsd_m. Besides the served model, a request can name the sentence model, which has vectors of texts only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rsgpt_plugin.shared.search.sentence_model import SENTENCE_MODEL

from ...predictor import KeyedPicture
from .. import limits
from .chat_messages import check_characters, picture_url
from .data_uri_images import read_picture
from .refusals import Fields, Refusal, refuse
from .requests import read_fields, read_gsd


@dataclass(frozen=True)
class EmbeddingRequest:
    """What gets vectors, in order, from which model, and whether they are sent as base64."""

    items: tuple[str | KeyedPicture, ...]
    model: str
    as_base64: bool = False


def read_embedding_request(body: bytes, model: str) -> EmbeddingRequest:
    """Validate a request for `model` and decode its pictures. Raises Refusal with a 4xx status."""
    fields = read_fields(body, model, SENTENCE_MODEL)
    form = fields.get("encoding_format")
    if form not in (None, "float", "base64"):
        refuse("encoding_format must be float or base64.")
    if fields.get("dimensions") is not None:
        refuse("dimensions is not supported; leave it out.")
    items = _items(fields.get("input"))
    if fields["model"] == SENTENCE_MODEL and not all(isinstance(item, str) for item in items):
        refuse(f"{SENTENCE_MODEL} has vectors of texts only.")
    return EmbeddingRequest(items, fields["model"], form == "base64")


def _items(value: Any) -> tuple[str | KeyedPicture, ...]:
    items = [value] if isinstance(value, (str, dict)) else value
    if not isinstance(items, list) or not 0 < len(items) <= limits.MAX_EMBEDDINGS:
        refuse(f"input must be a text or a list of 1 to {limits.MAX_EMBEDDINGS} texts or pictures.")
    read: list[str | KeyedPicture] = []
    pixels = 0
    for item in items:
        read.append(_item(item))
        if isinstance(last := read[-1], KeyedPicture):
            pixels += last.image.width * last.image.height
        if pixels > limits.MAX_PIXELS:  # checked after each picture, so that many cannot fill the memory
            megapixels = limits.MAX_PIXELS // 1_000_000
            raise Refusal(413, "image_too_large", f"Send fewer or smaller pictures: {megapixels} megapixels in all.")
    return tuple(read)


def _item(item: Any) -> str | KeyedPicture:
    if isinstance(item, str):
        return _text(item)
    if not isinstance(item, dict) or item.get("type") not in (None, "image_url"):
        refuse("Each item of input must be a text or an object with image_url.")
    return _picture(item)


def _text(text: str) -> str:
    if not text.strip() or len(text) > limits.MAX_PROMPT_CHARS:
        refuse(f"Each text of input must have 1 to {limits.MAX_PROMPT_CHARS} characters.")
    check_characters(text)
    return text


def _picture(item: Fields) -> KeyedPicture:
    gsd_m = read_gsd(item)
    picture = read_picture(picture_url(item))
    return KeyedPicture(picture.pixels, picture.key, gsd_m)
