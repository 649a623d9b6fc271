"""The gateway with servers that misbehave: each request ends with an answer or an error."""

from __future__ import annotations

import base64
import json
import math
import re
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

import pytest

from rsgpt_plugin.client.server.downscaling import PictureLimit, longest_side
from rsgpt_plugin.client.server.endpoint import Endpoint, ForeignServer
from rsgpt_plugin.client.server.gateway import Gateway
from rsgpt_plugin.client.server.protocol import Prompt, Reply
from rsgpt_plugin.client.server.transport import Limits
from rsgpt_plugin.client.server.vision_check import shape_picture
from rsgpt_plugin.errors import ModelError, RsgptError, ServerError

from .rogue_servers import Rogue, send

ANSWER = json.dumps({"choices": [{"message": {"content": "a harbour"}}], "strange": [1]}).encode()
PNG = b"\x89PNG\r\n\x1a\n"
LIMITS = Limits(connect_s=2.0, first_byte_s=1.0, silence_s=0.5, reply_bytes=10_000)


def stall(handler: BaseHTTPRequestHandler) -> None:
    time.sleep(3)


def start_and_stall(handler: BaseHTTPRequestHandler) -> None:
    send(200, b'{"choices', length=1000)(handler)
    handler.wfile.flush()
    time.sleep(3)


def ask(script: Rogue) -> Reply | RsgptError:
    gateway = Gateway(ForeignServer(Endpoint(script.url, "k3y")), "m", LIMITS)
    ((_, outcome),) = gateway.ask_many([Prompt(PNG, "What is this?")])
    return outcome


def text_of(outcome: Reply | RsgptError) -> str:
    assert isinstance(outcome, Reply), outcome
    return outcome.text


def test_unknown_fields_and_missing_probabilities_are_accepted(rogue: Callable[..., Rogue]) -> None:
    script = rogue(send(200, ANSWER))
    reply = ask(script)
    assert text_of(reply) == "a harbour"
    assert isinstance(reply, Reply)
    assert math.isnan(reply.confidence)
    assert script.paths == ["/v1/chat/completions"]
    assert script.headers[0]["Authorization"] == "Bearer k3y"


def test_a_connection_to_an_external_server_is_not_reused(rogue: Callable[..., Rogue]) -> None:
    """Otherwise a second reply would become the answer to the next request."""
    script = rogue(send(200, ANSWER))
    ask(script)
    assert script.headers[0]["Connection"] == "close"


def test_a_busy_server_is_asked_again_after_retry_after(rogue: Callable[..., Rogue]) -> None:
    script = rogue(send(429, Retry_After="1"), send(200, ANSWER))
    begin = time.monotonic()
    assert text_of(ask(script)) == "a harbour"
    assert time.monotonic() - begin >= 1.0


def test_an_internal_error_is_retried_twice(rogue: Callable[..., Rogue]) -> None:
    assert text_of(ask(rogue(send(500), send(502), send(200, ANSWER)))) == "a harbour"
    script = rogue(send(500, b'{"error": {"message": "out of order"}}'))
    outcome = ask(script)
    assert "out of order" in str(outcome)
    assert len(script.paths) == 3


def test_a_refused_request_is_repeated_once_with_fewer_fields(rogue: Callable[..., Rogue]) -> None:
    script = rogue(send(400, b'{"error": {"message": "out of sorts"}}'))
    assert "out of sorts" in str(ask(script))
    assert len(script.paths) == 2


def test_refused_optional_fields_are_left_out_of_later_requests(rogue: Callable[..., Rogue]) -> None:
    optional = {"logprobs", "top_logprobs", "seed"}

    def strict(handler: BaseHTTPRequestHandler) -> None:
        knows_all = not optional & set(script.bodies[-1])
        (send(200, ANSWER) if knows_all else send(400, b'{"detail": "Extra inputs are not permitted"}'))(handler)

    script = rogue(strict)
    for _ in range(2):  # the second run uses what the first one learned
        gateway = Gateway(ForeignServer(Endpoint(script.url), ()), "m", LIMITS)
        ((_, outcome),) = gateway.ask_many([Prompt(PNG, "1")])
        assert text_of(outcome) == "a harbour"
    assert [sorted(optional & set(body)) for body in script.bodies] == [sorted(optional), [], []]


@pytest.mark.parametrize(
    ("refused", "kept"), [({"structured_outputs"}, {"logprobs", "seed"}), ({"structured_outputs", "seed"}, set())]
)
def test_refused_choices_are_left_out_of_later_requests(
    rogue: Callable[..., Rogue], refused: set[str], kept: set[str]
) -> None:
    def strict(handler: BaseHTTPRequestHandler) -> None:
        answered = (
            send(200, ANSWER) if not refused & set(script.bodies[-1]) else send(400, b'{"detail": "Extra inputs"}')
        )
        answered(handler)

    script = rogue(strict)
    for _ in range(2):  # the second run uses what the first one learned
        gateway = Gateway(ForeignServer(Endpoint(script.url), ()), "m", LIMITS)
        ((_, outcome),) = gateway.ask_many([Prompt(PNG, "1", choices=("a harbour", "a field"))])
        assert text_of(outcome) == "a harbour"
    assert script.bodies[0]["structured_outputs"] == {"choice": ["a harbour", "a field"]}
    optional = {"logprobs", "seed", "structured_outputs"}
    assert [optional & set(body) for body in script.bodies[-2:]] == [kept, kept]
    assert len(script.bodies) == (3 if kept else 4)


def test_a_picture_that_is_too_large_is_downscaled_and_so_are_later_ones(rogue: Callable[..., Rogue]) -> None:
    sides: list[int] = []

    def take(handler: BaseHTTPRequestHandler) -> None:
        url = script.bodies[-1]["messages"][0]["content"][0]["image_url"]["url"]
        kind, _, data = url.partition(",")
        assert kind == ("data:image/jpeg;base64" if sides else "data:image/png;base64")
        sides.append(longest_side(base64.b64decode(data)))
        send(200, ANSWER)(handler) if sides[-1] <= 300 else send(413, b"<html>")(handler)

    script = rogue(take)
    gateway = Gateway(ForeignServer(Endpoint(script.url)), "m", LIMITS)
    for _ in range(2):
        ((_, outcome),) = gateway.ask_many([Prompt(shape_picture("red", 600), "What is this?")])
        assert text_of(outcome) == "a harbour"
    assert sides == [600, 400, 266, 266]


def test_a_picture_limit_set_by_the_user_applies_to_the_first_request(rogue: Callable[..., Rogue]) -> None:
    script = rogue(send(200, ANSWER))
    gateway = Gateway(ForeignServer(Endpoint(script.url)), "m", LIMITS, PictureLimit(side=100))
    list(gateway.ask_many([Prompt(shape_picture("red"), "What is this?")]))
    url = script.bodies[0]["messages"][0]["content"][0]["image_url"]["url"]
    assert longest_side(base64.b64decode(url.partition(",")[2])) == 100


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (500, "image input is not supported - hint: if this is unexpected, you may need to provide the mmproj"),
        (400, "llama-7b is not a multimodal model"),
        (200, "Model does not support images. Please use a model that does."),
    ],
)
def test_a_text_only_model_ends_the_run_at_once(rogue: Callable[..., Rogue], status: int, message: str) -> None:
    script = rogue(send(status, json.dumps({"error": {"message": message}}).encode()))
    with pytest.raises(ModelError, match="reads text only"):
        ask(script)
    assert len(script.paths) == 1


def test_a_missing_key_is_not_retried_as_an_internal_error(rogue: Callable[..., Rogue]) -> None:
    script = rogue(send(500, b'{"error": {"message": "No api key passed in."}}'))
    with pytest.raises(ServerError, match="did not accept the key"):
        ask(script)
    assert len(script.paths) == 1


def test_a_loading_server_is_waited_for_until_the_time_limit(rogue: Callable[..., Rogue]) -> None:
    loading = [send(503, b'{"error": {"message": "Loading model"}}', Retry_After="0")] * 2
    assert text_of(ask(rogue(*loading, send(200, ANSWER)))) == "a harbour"
    with pytest.raises(ServerError, match="has been busy for 1 s.*Loading model"):
        ask(rogue(loading[0]))


def test_all_requests_refused_by_a_busy_server_are_repeated(rogue: Callable[..., Rogue]) -> None:
    def slow(handler: BaseHTTPRequestHandler) -> None:
        time.sleep(0.4)
        send(200, ANSWER)(handler)

    busy = send(429, Retry_After="0")
    gateway = Gateway(ForeignServer(Endpoint(rogue(busy, busy, slow).url)), "m", LIMITS)
    outcomes = [outcome for _, outcome in gateway.ask_many([Prompt(PNG, "1")] * 4)]
    assert [text_of(outcome) for outcome in outcomes] == ["a harbour"] * 4


def test_a_server_that_stalls_under_load_gets_fewer_requests_at_once(rogue: Callable[..., Rogue]) -> None:
    busy = threading.Semaphore(1)

    def one_at_a_time(handler: BaseHTTPRequestHandler) -> None:
        if busy.acquire(blocking=False):
            time.sleep(0.2)
            busy.release()
            send(200, ANSWER)(handler)
        else:
            time.sleep(1.5)

    gateway = Gateway(ForeignServer(Endpoint(rogue(one_at_a_time).url)), "m", LIMITS)
    outcomes = [outcome for _, outcome in gateway.ask_many([Prompt(PNG, "1")] * 4)]
    assert [text_of(outcome) for outcome in outcomes] == ["a harbour"] * 4


def test_ten_failures_without_an_answer_end_the_run(rogue: Callable[..., Rogue]) -> None:
    script = rogue(send(200, b'{"choices": []}'))
    gateway = Gateway(ForeignServer(Endpoint(script.url)), "m", LIMITS)
    with pytest.raises(ServerError, match="first 10 questions all failed"):
        list(gateway.ask_many([Prompt(PNG, "1")] * 1000))
    assert len(script.paths) < 20


def test_text_in_parts_is_joined_and_reasoning_removed(rogue: Callable[..., Rogue]) -> None:
    parts = [{"type": "text", "text": "<think>Blue.</think>\n\na "}, {"type": "text", "text": "harbour"}]
    body = {"error": None, "choices": [{"message": {"content": parts}}]}
    assert text_of(ask(rogue(send(200, json.dumps(body).encode())))) == "a harbour"


def foreign(script: Rogue) -> Endpoint:
    """Return the same server under an address that is not loopback."""
    return Endpoint(script.url.replace("127.0.0.1", "0.0.0.0"))


def test_nothing_is_sent_to_a_host_before_it_is_allowed(rogue: Callable[..., Rogue]) -> None:
    script = rogue(send(200, ANSWER))
    endpoint = foreign(script)
    gateway = Gateway(ForeignServer(endpoint), "m", LIMITS)
    for attempt in (lambda: list(gateway.ask_many([Prompt(PNG, "1")])), gateway.models):
        with pytest.raises(ServerError, match=re.escape(f"leave this machine for {endpoint.origin}")):
            attempt()
    assert script.paths == []
    allowed = Gateway(ForeignServer(endpoint, (endpoint.origin,)), "m", LIMITS)
    assert [text_of(outcome) for _, outcome in allowed.ask_many([Prompt(PNG, "1")])] == ["a harbour"]


def test_an_allowed_host_cannot_redirect_pictures(rogue: Callable[..., Rogue]) -> None:
    elsewhere = rogue(send(200, ANSWER))
    endpoint = foreign(rogue(send(307, Location=f"{elsewhere.url}/chat/completions")))
    with pytest.raises(ServerError, match="redirects to another address"):
        list(Gateway(ForeignServer(endpoint, (endpoint.origin,)), "m", LIMITS).ask_many([Prompt(PNG, "1")]))
    assert elsewhere.paths == []


def test_a_wrong_key_ends_the_run(rogue: Callable[..., Rogue]) -> None:
    with pytest.raises(ServerError, match="did not accept the key"):
        ask(rogue(send(401)))


def test_an_unknown_model_ends_the_run(rogue: Callable[..., Rogue]) -> None:
    with pytest.raises(ModelError, match="no model m"):
        ask(rogue(send(404, b'{"error": "no model m"}')))


def test_redirects_are_not_followed(rogue: Callable[..., Rogue]) -> None:
    elsewhere = rogue(send(200, ANSWER))
    script = rogue(send(307, Location=f"{elsewhere.url}/chat/completions"))
    with pytest.raises(ServerError, match="redirects to another address"):
        ask(script)
    assert elsewhere.paths == []


@pytest.mark.parametrize(
    "body",
    [b'{"error": "x"}', b"<html>", b"", b"[]", b'{"choices": []}', b"\xff\xfe", b'{"choices": [{"a": 1}]}'],
)
def test_an_invalid_200_reply_is_an_error_of_its_prompt(rogue: Callable[..., Rogue], body: bytes) -> None:
    assert isinstance(ask(rogue(send(200, body))), ServerError)


def test_an_oversized_reply_is_an_error(rogue: Callable[..., Rogue]) -> None:
    assert "too large for an answer" in str(ask(rogue(send(200, b"x" * 200_000))))


@pytest.mark.parametrize("act", [stall, start_and_stall])
def test_a_silent_server_is_given_up_within_the_time_limit(
    rogue: Callable[..., Rogue], act: Callable[..., None]
) -> None:
    begin = time.monotonic()
    with pytest.raises(ServerError, match="no data within the time limit"):
        ask(rogue(act))
    assert time.monotonic() - begin < 2.5


def test_an_incomplete_reply_is_requested_again(rogue: Callable[..., Rogue]) -> None:
    assert text_of(ask(rogue(send(200, ANSWER[:20], length=len(ANSWER)), send(200, ANSWER)))) == "a harbour"


def test_a_missing_server_raises_server_error() -> None:
    with pytest.raises(ServerError, match="does not answer"):
        ask(Rogue([], url="http://127.0.0.1:9/v1"))


def test_an_external_server_gets_a_token_limit(rogue: Callable[..., Rogue]) -> None:
    script = rogue(send(200, ANSWER))
    for prompt in (Prompt(PNG, "1"), Prompt(PNG, "1", max_tokens=7)):
        list(Gateway(ForeignServer(Endpoint(script.url), ()), "m", LIMITS).ask_many([prompt]))
    assert [body["max_tokens"] for body in script.bodies] == [256, 7]


def test_a_refused_structure_kind_does_not_affect_the_other_kind(rogue: Callable[..., Rogue]) -> None:
    def strict(handler: BaseHTTPRequestHandler) -> None:
        takes = "json" not in script.bodies[-1].get("structured_outputs", {})
        (send(200, ANSWER) if takes else send(400, b'{"detail": "json is not supported"}'))(handler)

    script = rogue(strict)
    gateway = Gateway(ForeignServer(Endpoint(script.url), ()), "m", LIMITS)
    for prompt in (Prompt(PNG, "How many?", is_whole_number=True), Prompt(PNG, "Is?", choices=("yes", "no"))):
        for _ in range(2):
            ((_, outcome),) = gateway.ask_many([prompt])
            assert text_of(outcome) == "a harbour"
    sent = [body.get("structured_outputs") for body in script.bodies]
    assert sent == [{"json": {"type": "integer"}}, None, None, *[{"choice": ["yes", "no"]}] * 2]
