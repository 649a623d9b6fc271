"""The server through the official OpenAI client."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.backend.server.conftest import Launch
from tests.backend.server.harness import RunningServer, question

openai = pytest.importorskip("openai", reason="the official client is not installed")


@pytest.fixture
def client(served: RunningServer) -> Iterator[Any]:
    """A client with the URL and key that the server printed."""
    with openai.OpenAI(base_url=served.announcement["url"], api_key=served.key, max_retries=0) as client:
        yield client


def arguments(**fields: Any) -> dict[str, Any]:
    """Return the arguments of a completion."""
    return question("How many?", 99, **fields)


def test_models_are_listed(client: Any) -> None:
    models = client.models.list().data
    assert [model.id for model in models] == ["rsgpt-small"]
    assert models[0].weights_sha256 == "f" * 64


def test_a_complete_answer_is_read(client: Any) -> None:
    reply = client.chat.completions.create(**arguments())
    assert reply.choices[0].message.content == "picture 99"
    assert reply.usage.completion_tokens == 2
    assert reply.rsgpt["confidence"] == 0.9


def test_a_stream_is_read(client: Any) -> None:
    with client.chat.completions.create(**arguments(stream=True)) as stream:
        chunks = list(stream)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "picture 99"
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert chunks[-1].rsgpt["degenerate"] is False


def test_logprobs_are_read(client: Any) -> None:
    reply = client.chat.completions.create(**arguments(logprobs=True, top_logprobs=5))
    tokens = reply.choices[0].logprobs.content
    assert [token.token for token in tokens] == ["picture", " 99"]
    assert len(tokens[0].top_logprobs) == 5
    assert bytes(tokens[0].bytes).decode() == "picture"


def test_errors_have_their_own_classes(client: Any, served: RunningServer, launch: Launch) -> None:
    with pytest.raises(openai.BadRequestError, match="n must be 1"):
        client.chat.completions.create(**arguments(n=2))
    with pytest.raises(openai.NotFoundError):
        client.chat.completions.create(**arguments(model="gpt-4o"))
    with (
        openai.OpenAI(base_url=served.announcement["url"], api_key="wrong", max_retries=0) as stranger,
        pytest.raises(openai.AuthenticationError),
    ):
        stranger.models.list()


def test_a_failing_stream_raises(launch: Launch) -> None:
    server = launch("--script", '{"faults": {"How": "error"}}')
    with (
        openai.OpenAI(base_url=server.announcement["url"], api_key=server.key, max_retries=0) as client,
        client.chat.completions.create(**arguments(stream=True)) as stream,
        pytest.raises(openai.APIError, match="scripted model failed"),
    ):
        list(stream)


def test_vectors_are_read(client: Any) -> None:
    reply = client.embeddings.create(model="rsgpt-small", input=["a road", "ships"])
    assert [one.embedding for one in reply.data] == [[0.0, 1.0]] * 2
    assert reply.usage.prompt_tokens == 3
