"""Of a conversation, the last question and the newest picture are read; anything else is refused with advice."""

from __future__ import annotations

from typing import Any

import pytest

from rsgpt_backend.server.limits import MAX_PROMPT_CHARS
from rsgpt_backend.server.protocol.chat_messages import read_messages
from rsgpt_backend.server.protocol.refusals import Refusal


def picture(url: Any = "new") -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url}}


def words(text: Any = "What?") -> dict[str, Any]:
    return {"type": "text", "text": text}


def user(*parts: Any) -> dict[str, Any]:
    return {"role": "user", "content": list(parts)}


ANSWER = {"role": "assistant", "content": "A road."}
CONVERSATIONS: dict[str, tuple[list[dict[str, Any]], tuple[str, str]]] = {
    "one question": ([user(picture(), words())], ("new", "What?")),
    "the text first": ([user(words(), picture())], ("new", "What?")),
    "several texts": ([user(words("a"), picture(), words("b"))], ("new", "a\nb")),
    "a picture alone": ([user(picture())], ("new", "")),
    "an empty text": ([user(picture(), words(" \n"))], ("new", "")),
    "white space around the text": ([user(picture(), words(" a \n"))], ("new", "a")),
    "a later question": ([user(picture(), words()), ANSWER, {"role": "user", "content": "And?"}], ("new", "And?")),
    "a newer picture": (
        [user(picture("old"), words()), ANSWER, user(picture()), ANSWER, user(words("x"))],
        ("new", "x"),
    ),
    "several older pictures": ([user(picture("old"), picture()), ANSWER, user(words("x"))], ("new", "x")),
    "a system message": ([{"role": "system", "content": "Be brief."}, user(picture(), words())], ("new", "What?")),
    "a developer at the end": ([user(picture(), words()), {"role": "developer", "content": 7}], ("new", "What?")),
    "the result of a tool": ([user(picture()), {"role": "tool"}, user(words("x"))], ("new", "x")),
    "an address as text": ([user({**picture(), "image_url": "new"}, words())], ("new", "What?")),
    "the longest text": ([user(picture(), words("\u6c34" * MAX_PROMPT_CHARS))], ("new", "\u6c34" * MAX_PROMPT_CHARS)),
}


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_the_last_question_is_asked_of_the_newest_picture(name: str) -> None:
    messages, expected = CONVERSATIONS[name]
    assert read_messages(messages) == expected


REFUSED: dict[str, tuple[Any, str]] = {
    "no list": ({"role": "user"}, "must be a list of objects"),
    "nothing": (None, "must be a list of objects"),
    "texts": (["hi"], "must be a list of objects"),
    "no message": ([], "The last message must be the user's"),
    "only a system message": ([{"role": "system", "content": "x"}], "The last message must be the user's"),
    "an answer at the end": ([user(picture(), words()), ANSWER], "The last message must be the user's"),
    "no role": ([{"content": [picture()]}], "needs a role"),
    "an unknown role": ([{"role": "critic", "content": "x"}, user(picture())], "needs a role"),
    "a role that is a list": ([{"role": ["user"], "content": "x"}], "needs a role"),
    "no content": ([{"role": "user"}], "must be a string or a list"),
    "content as an object": ([{"role": "user", "content": words()}], "must be a string or a list"),
    "parts of text": ([user("hi")], "must be a string or a list"),
    "a part without a type": ([user({})], "of type image_url or text"),
    "a part of an odd type": ([user({"type": []})], "of type image_url or text"),
    "sound": ([user({"type": "input_audio"}, picture())], "of type image_url or text"),
    "an odd part of an older message": ([user({"type": "file"}), ANSWER, user(picture())], "of type image_url or text"),
    "two pictures": ([user(picture(), picture())], "Send one picture per question"),
    "no picture": ([user(words())], "send one as an image_url part"),
    "plain text": ([{"role": "user", "content": "hi"}], "send one as an image_url part"),
    "a picture of the model": ([{**ANSWER, "content": [picture()]}, user(words())], "send one as an image_url part"),
    "no address": ([user({"type": "image_url"})], "must be an object with a url"),
    "an address that is a number": ([user(picture(1))], "must be an object with a url"),
    "an address that is a list": ([user({"type": "image_url", "image_url": ["new"]})], "must be an object with a url"),
    "a text that is a number": ([user(picture(), words(1))], "must be a string"),
    "no text": ([user(picture(), {"type": "text"})], "must be a string"),
    "half a character": ([user(picture(), words("half a \ud83d character"))], "lone surrogate"),
    "a long text": ([user(picture(), words("x" * (MAX_PROMPT_CHARS + 1)))], "Shorten the text to 4000 characters"),
    "two texts that are too long together": ([user(picture(), words("x" * 2000), words("x" * 2000))], "Shorten"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_wrong_conversation_is_refused_with_advice(name: str) -> None:
    messages, advice = REFUSED[name]
    with pytest.raises(Refusal, match=advice) as caught:
        read_messages(messages)
    assert (caught.value.status, caught.value.code) == (400, "invalid_request")
