"""Access to every route: keys, hosts, origins, content types and paths."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest
from starlette.routing import Route

from rsgpt_backend.server.app import build_app
from rsgpt_backend.server.batcher import Batcher
from tests.backend.server.harness import COMPLETIONS, EMBEDDINGS, RunningServer, encode, question
from tests.fakes.fake_engine import FakeEngine, Script

CONTRACT = Path(__file__).resolve().parents[2] / "contract"
_APP = build_app(Batcher("rsgpt-small", lambda: FakeEngine(Script())), 1, "key")
ROUTES = [
    (method, route.path) for route in _APP.routes if isinstance(route, Route) for method in sorted(route.methods or ())
]
UNKNOWN = [("GET", "/"), ("GET", "/docs"), ("GET", "/v1/models/"), ("POST", "/v1/files"), ("PUT", "/health")]
EVERYWHERE = [*ROUTES, *UNKNOWN]


def wrong_keys(key: str) -> dict[str, tuple[str, dict[str, str]]]:
    """Return the query and headers of requests without the right key, by name."""
    return {
        "none": ("", {}),
        "wrong": ("", {"authorization": "Bearer wrong"}),
        "prefix": ("", {"authorization": f"Bearer {key[:-1]}"}),
        "longer": ("", {"authorization": f"Bearer {key}x"}),
        "empty": ("", {"authorization": "Bearer "}),
        "other case": ("", {"authorization": f"Bearer {key.swapcase()}"}),
        "other scheme": ("", {"authorization": f"Basic {key}"}),
        "bare": ("", {"authorization": key}),
        "not ASCII": ("", {"authorization": "Bearer \xff\xfe"}),
        "query": (f"?api_key={key}", {}),
        "cookie": ("", {"cookie": f"key={key}; authorization=Bearer {key}"}),
        "x-api-key": ("", {"x-api-key": key}),
    }


def test_routes_match_the_contract() -> None:
    paths = {path for _, path in ROUTES}
    assert paths == {"/health", "/v1/models", "/v1/models/{name}", COMPLETIONS, EMBEDDINGS}


@pytest.mark.parametrize(("method", "path"), EVERYWHERE)
def test_no_route_answers_without_the_key(served: RunningServer, method: str, path: str) -> None:
    bodies = set()
    for name, (query, headers) in wrong_keys(served.key).items():
        sent = {"content-type": "application/json", **headers}
        reply = served.call(method, path + query, encode(question()), sent)
        assert reply.status == 401, name
        assert reply.headers["www-authenticate"] == "Bearer"
        bodies.add((reply.body, reply.headers["content-length"]))
    assert len(bodies) == 1


def test_a_key_that_is_sent_twice_is_refused(served: RunningServer) -> None:
    line = f"authorization: Bearer {served.key}\r\n"
    head = f"GET /health HTTP/1.1\r\nhost: 127.0.0.1:{served.port}\r\nconnection: close\r\n"
    assert b" 200 " in served.raw(f"{head}{line}\r\n".encode()).splitlines()[0]
    assert b" 401 " in served.raw(f"{head}{line}{line}\r\n".encode()).splitlines()[0]


def test_a_missing_key_is_refused_before_the_body_is_sent(served: RunningServer) -> None:
    head = f"POST {COMPLETIONS} HTTP/1.1\r\nhost: 127.0.0.1:{served.port}\r\ncontent-length: 5000000\r\n\r\n"
    with socket.create_connection(("127.0.0.1", served.port), 5) as connection:
        connection.sendall(head.encode())
        assert b" 401 " in connection.recv(65_536).splitlines()[0]


@pytest.mark.parametrize(("method", "path"), EVERYWHERE)
@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:{port}",
        "127.0.0.1.evil.example:{port}",
        "localhost.evil.example:{port}",
        "x.local:{port}",
        "x.internal:{port}",
        f"{socket.gethostname()}:{{port}}",
        "0.0.0.0:{port}",
        "[::]:{port}",
        "[::1]:{port}",
        "",
        "127.0.0.1",
        "127.0.0.1:1",
        "127.0.0.1.:{port}",
        "127.0.0.1:0{port}",
        "2130706433:{port}",
        "0177.0.0.1:{port}",
        "127.1:{port}",
        "user@127.0.0.1:{port}",
        "127.0.0.1:{port}@evil.example",
    ],
)
def test_only_the_exact_host_is_served(served: RunningServer, method: str, path: str, host: str) -> None:
    reply = served.call(method, path, headers=served.headers(host=host.format(port=served.port)))
    assert reply.status == 403


@pytest.mark.parametrize("host", ["127.0.0.1:{port}", "localhost:{port}"])
def test_both_names_of_this_machine_are_served(served: RunningServer, host: str) -> None:
    reply = served.call("GET", "/health", headers=served.headers(host=host.format(port=served.port)))
    expected = {"status": "ok", "protocol_version": 1, "model": "rsgpt-small", "fingerprint": "f" * 16}
    assert reply.record == expected


@pytest.mark.parametrize(
    "head",
    [
        "GET /health HTTP/1.1\r\nhost: {good}\r\nhost: evil.example\r\n",
        "GET /health HTTP/1.1\r\n",
        "GET /health HTTP/1.0\r\n",
        "GET http://evil.example/health HTTP/1.1\r\nhost: {good}\r\n",
        "POST /v1/chat/completions HTTP/1.1\r\nhost: {good}\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n",
    ],
)
def test_ambiguous_requests_are_refused(served: RunningServer, head: str) -> None:
    good = f"127.0.0.1:{served.port}"
    reply = served.raw(f"{head.format(good=good)}authorization: Bearer {served.key}\r\n\r\n".encode())
    assert reply.split(b" ")[1] in {b"400", b"403"}


@pytest.mark.parametrize(("method", "path"), EVERYWHERE)
@pytest.mark.parametrize(
    "header",
    [
        ("origin", "http://evil.example"),
        ("origin", "null"),
        ("origin", "http://127.0.0.1:{port}"),
        ("origin", "chrome-extension://abcdef"),
        ("origin", ""),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-origin"),
        ("sec-fetch-site", "same-site"),
    ],
)
def test_web_pages_are_refused(served: RunningServer, method: str, path: str, header: tuple[str, str]) -> None:
    name, value = header
    headers = {**served.headers(), name: value.format(port=served.port)}
    reply = served.call(method, path, headers=headers)
    assert reply.status == 403
    assert not any(name.startswith("access-control") for name in reply.headers)


def test_sec_fetch_site_none_is_served(served: RunningServer) -> None:
    assert served.call("GET", "/health", headers=served.headers(sec_fetch_site="none")).status == 200


@pytest.mark.parametrize(("method", "path"), EVERYWHERE)
def test_a_preflight_gets_no_permission(served: RunningServer, method: str, path: str) -> None:
    headers = {"access-control-request-method": method, "origin": "http://evil.example"}
    reply = served.call("OPTIONS", path, headers=headers)
    assert reply.status == 403
    with_key = served.call("OPTIONS", path)
    assert with_key.status in {404, 405}
    assert not any(name.startswith("access-control") for name in {**reply.headers, **with_key.headers})


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/json"]
)
def test_content_types_other_than_json_are_refused(served: RunningServer, kind: str) -> None:
    reply = served.call("POST", COMPLETIONS, encode(question()), served.headers(content_type=kind))
    assert (reply.status, reply.error["code"]) == (415, "content_type")


def test_json_may_name_its_charset(served: RunningServer) -> None:
    headers = served.headers(content_type="application/json; charset=utf-8")
    assert served.call("POST", COMPLETIONS, encode(question()), headers).text == "picture 7"


def test_the_model_list_matches_the_contract(served: RunningServer) -> None:
    listed = served.call("GET", "/v1/models").record
    expected = json.loads((CONTRACT / "models.json").read_text())
    assert isinstance(listed["data"][0].pop("created"), int)
    expected["data"][0].pop("created")
    expected["data"][0] |= {"weights_sha256": "f" * 64, "fingerprint": "f" * 16}
    assert listed == expected


def provoke(served: RunningServer, name: str) -> Any:
    """Send a request that is wrong in the named way and return the reply."""
    calls = {
        "bad request": lambda: served.call("POST", COMPLETIONS, b"{"),
        "wrong key": lambda: served.call("GET", "/health", headers={}),
        "wrong host": lambda: served.call("GET", "/health", headers=served.headers(host="evil.example")),
        "web page": lambda: served.call("GET", "/health", headers=served.headers(origin="null")),
        "unknown route": lambda: served.call("GET", "/v1/files"),
        "unknown model": lambda: served.ask(model="gpt-4o"),
        "wrong method": lambda: served.call("GET", COMPLETIONS),
        "wrong type": lambda: served.call("POST", COMPLETIONS, b"{}", served.headers(content_type="text/plain")),
        "body too long": lambda: served.call("POST", COMPLETIONS, headers=served.headers(content_length="12000001")),
        "engine failed": lambda: served.ask("error"),
    }
    return calls[name]()


ERRORS = json.loads((CONTRACT / "errors.json").read_text())


@pytest.mark.parametrize("case", [case for case in ERRORS if case["live"]], ids=lambda case: str(case["name"]))
def test_error_replies_match_the_contract(launch: Any, served: RunningServer, case: dict[str, Any]) -> None:
    server = launch("--script", '{"faults": {"error": "error"}}') if case["status"] == 500 else served
    reply = provoke(server, case["name"])
    assert (reply.status, reply.record) == (case["status"], case["body"])
    assert {name: reply.headers.get(name) for name in case["headers"]} == case["headers"]


@pytest.mark.parametrize("address", ["127.0.0.2", "::1"])
def test_the_server_listens_on_one_address_only(served: RunningServer, address: str) -> None:
    with pytest.raises(OSError, match="refused|assign|unreachable|not supported"):
        socket.create_connection((address, served.port), 2)


def test_the_model_can_be_retrieved_by_name(served: RunningServer) -> None:
    (model,) = served.call("GET", "/v1/models").record["data"]
    assert served.call("GET", "/v1/models/rsgpt-small").record == model
    reply = served.call("GET", "/v1/models/rsgpt-7b")
    assert (reply.status, reply.error["code"]) == (404, "model_not_found")
