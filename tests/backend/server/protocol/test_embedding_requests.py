"""Valid and invalid embedding requests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rsgpt_backend.predictor import KeyedPicture
from rsgpt_backend.server import limits
from rsgpt_backend.server.protocol.embedding_requests import EmbeddingRequest, read_embedding_request
from rsgpt_backend.server.protocol.refusals import Refusal
from tests.backend.server.harness import data_uri, encode, png

CASES = json.loads((Path(__file__).resolve().parents[3] / "contract" / "embeddings.json").read_text())
PICTURE = {"image_url": {"url": data_uri(png())}}


def read(**fields: Any) -> EmbeddingRequest:
    return read_embedding_request(encode({"model": "rsgpt-small", **fields}), "rsgpt-small")


def shown(item: str | KeyedPicture) -> Any:
    """Return an item as the contract writes it."""
    return item if isinstance(item, str) else {"size": list(item.image.size), "gsd_m": item.gsd_m}


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["name"]))
def test_requests_of_the_contract_are_read(case: dict[str, Any]) -> None:
    request = read(**case["request"])
    assert [shown(item) for item in request.items] == case["items"]
    assert request.as_base64 == (case["request"].get("encoding_format") == "base64")


def test_a_single_text_or_picture_needs_no_list() -> None:
    assert read(input="water").items == ("water",)
    (picture,) = read(input={"type": "image_url", **PICTURE}).items
    assert isinstance(picture, KeyedPicture)
    assert len(picture.image_key) == 64
    assert picture.gsd_m is None


BAD_FIELDS: dict[str, Any] = {
    "no input": {},
    "an empty list": {"input": []},
    "too many texts": {"input": ["x"] * (limits.MAX_EMBEDDINGS + 1)},
    "token ids": {"input": [1, 2, 3]},
    "lists of token ids": {"input": [[1, 2, 3]]},
    "an empty text": {"input": ["water", " "]},
    "a long text": {"input": "x" * (limits.MAX_PROMPT_CHARS + 1)},
    "half a character": {"input": "\ud800"},
    "an object without a picture": {"input": [{"gsd_m": 1}]},
    "a text part": {"input": [{"type": "text", "text": "water"}]},
    "a picture without a URL": {"input": [{"image_url": 3}]},
    "a wrong ground resolution": {"input": [{**PICTURE, "gsd_m": 0}]},
    "another format": {"input": "water", "encoding_format": "hex"},
    "dimensions": {"input": "water", "dimensions": 64},
    "no model": {"input": "water", "model": None},
}


@pytest.mark.parametrize("name", BAD_FIELDS)
def test_a_wrong_field_is_refused(name: str) -> None:
    with pytest.raises(Refusal) as caught:
        read(**BAD_FIELDS[name])
    assert (caught.value.status, caught.value.code) == (400, "invalid_request")
    assert str(caught.value).endswith(".")


def test_a_link_is_not_followed() -> None:
    with pytest.raises(Refusal, match="Send the picture itself"):
        read(input=[{"image_url": {"url": "http://127.0.0.1:1/x.png"}}])


def test_many_large_pictures_are_refused_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_PIXELS", 128)
    assert len(read(input=[PICTURE] * 2).items) == 2
    with pytest.raises(Refusal, match="fewer or smaller pictures") as caught:
        read(input=[PICTURE] * 3)
    assert (caught.value.status, caught.value.code) == (413, "image_too_large")
