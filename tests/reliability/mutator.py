"""Mutations of valid requests for fuzzing the server."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from typing import Any

from tests.backend.server.harness import data_uri, encode, png, question

ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2**31, 2**63, -(2**63) - 1, 10**400, 0.5, -0.0, 1e308, float("nan"), float("inf")),
    *("", " ", "user", "\0", "\ud800", "\u202e", "x" * 5_000, "http://127.0.0.1:9/a.png", "file:///etc/hostname"),
    *([], {}, [[]], [None], {"": None}, [{}] * 1_000, {"url": {}}, ["text"], {"type": "image_url"}),
)
FIELDS = (
    *("model", "messages", "stream", "logprobs", "top_logprobs", "max_tokens", "max_completion_tokens", "temperature"),
    *("seed", "n", "beams", "tools", "response_format", "stop", "user", "\ud800", "x" * 300),
)
HEADERS = (
    *({"content-type": "text/plain"}, {"content-type": ""}, {"host": "evil.example"}, {"origin": "null"}),
    *({"authorization": "Bearer x"}, {"accept-encoding": "br;q=nonsense"}, {"x-long": "y" * 5_000}),
    *({"expect": "200-maybe"}, {"content-encoding": "gzip"}, {"connection": "upgrade", "upgrade": "websocket"}),
)

Body = tuple[bytes, dict[str, str]]


def paths(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the paths of all parts of a JSON value, including the value itself."""
    inside: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        inside = list(value.items())
    elif isinstance(value, list):
        inside = list(enumerate(value))
    return [here, *(path for key, part in inside for path in paths(part, (*here, key)))]


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def replaced(rng: random.Random) -> Body:
    """Replace, delete or repeat a random part of a valid request."""
    request = question(stream=rng.random() < 0.2, logprobs=True, top_logprobs=3, max_tokens=8)
    path = rng.choice(paths(request)[1:])
    parent, key = at(request, path[:-1]), path[-1]
    action = rng.randrange(4)
    if action == 0:
        del parent[key]
    elif action == 1 and isinstance(parent, list):
        parent.extend([copy.deepcopy(parent[key])] * rng.choice([1, 2, 1_000]))
    else:
        parent[key] = copy.deepcopy(rng.choice(ODD))
    return encode(request), {}


def added(rng: random.Random) -> Body:
    odd = {rng.choice(FIELDS): copy.deepcopy(rng.choice(ODD)) for _ in range(rng.randint(1, 3))}
    return encode({**question(), **odd}), {}


def nested(rng: random.Random) -> Body:
    """Nest brackets deeply, closed or not, as the whole body or as a value."""
    depth = rng.choice([500, 1_200, 4_900, 10_000, 100_000])
    inside = rng.choice([b"[" * depth + b"]" * depth, b'{"a":' * depth + b"1" + b"}" * depth, b"[" * depth])
    return rng.choice([inside, b'{"model":"rsgpt-small","messages":' + inside + b"}"]), {}


def damaged(rng: random.Random) -> Body:
    """Change bytes of a valid body, truncate it, or replace it by invalid JSON."""
    body = bytearray(encode(question()))
    for _ in range(rng.randint(1, 5)):
        body[rng.randrange(len(body))] = rng.randrange(256)
    cut = bytes(body[: rng.randrange(len(body) + 1)])
    return rng.choice([bytes(body), cut, rng.randbytes(200), b"", b"\xff\xfe{\x00}\x00", b"NaN", b'{"a":1e999}']), {}


def doubled(rng: random.Random) -> Body:
    """Repeat a key, which JSON parsers handle differently."""
    text = json.dumps(question())
    return (text[:-1] + f', "{rng.choice(FIELDS[:10])}": {json.dumps(rng.choice(ODD[:10]))}}}').encode(), {}


def pictured(rng: random.Random) -> Body:
    """Use a thousand pictures, two pictures, a damaged picture or no picture."""
    part = {"type": "image_url", "image_url": {"url": data_uri(png(rng.randrange(2**24)))}}
    request = question()
    broken = bytearray(png(size=(16, 16)))
    broken[rng.randrange(len(broken))] ^= rng.randrange(1, 256)
    content = request["messages"][0]["content"]
    damage = {**part, "image_url": {"url": data_uri(bytes(broken))}}
    content[:1] = rng.choice([[part] * 1_000, [damage], [], [part, part]])
    return encode(request), {}


def headed(rng: random.Random) -> Body:
    return encode(question()), dict(rng.choice(HEADERS))


MUTATIONS: tuple[Callable[[random.Random], Body], ...] = (replaced, added, nested, damaged, doubled, pictured, headed)


def mutated(rng: random.Random) -> Body:
    """Return a mutated body and the headers that differ from those of a valid request."""
    return rng.choice(MUTATIONS)(rng)
