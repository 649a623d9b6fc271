"""The gateway against servers that misbehave: it ends with an answer or a sentence, never hangs, never wanders off."""

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
from rsgpt_plugin.client.server.vision_check import known_picture
from rsgpt_plugin.errors import ModelError, RsgptError, ServerError

from .rogue_servers import Rogue, send

ANSWER = json.dumps({"choices": [{"message": {"content": "a harbour"}}], "strange": [1]}).encode()
PNG = b"\x89PNG\r\n\x1a\n"
LIMITS = Limits(connect_s=2.0, first_byte_s=1.0, silence_s=0.5, reply_bytes=10_000)


def sulk(handler: BaseHTTPRequestHandler) -> None:
    time.sleep(3)


def start_and_sulk(handler: BaseHTTPRequestHandler) -> None:
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


def test_unknown_fields_and_missing_probabilities_are_fine(rogue: Callable[..., Rogue]) -> None:
    script = rogue(send(200, ANSWER))
    reply = ask(script)
    assert text_of(reply) == "a harbour"
    assert isinstance(reply, Reply)
    assert math.isnan(reply.confidence)
    assert script.paths == ["/v1/chat/completions"]
    assert script.headers[0]["Authorization"] == "Bearer k3y"


def test_a_connection_of_a_stranger_is_not_used_again(rogue: Callable[..., Rogue]) -> None:
    """What it sends beyond its reply would be taken for the answer to the next question."""
    script = rogue(send(200, ANSWER))
    ask(script)
    assert script.headers[0]["Connection"] == "close"


def test_a_busy_server_is_asked_again_when_it_says(rogue: Callable[..., Rogue]) -> None:
    script = rogue(send(429, Retry_After="1"), send(200, ANSWER))
    begin = time.monotonic()
    assert text_of(ask(script)) == "a harbour"
    assert time.monotonic() - begin >= 1.0


def test_a_stumble_is_retried_twice_and_no_more(rogue: Callable[..., Rogue]) -> None:
    assert text_of(ask(rogue(send(500), send(502), send(200, ANSWER)))) == "a harbour"
    script = rogue(send(500, b'{"error": {"message": "out of order"}}'))
    outcome = ask(script)
    assert "out of order" in str(outcome)
    assert len(script.paths) == 3


def test_a_refusal_is_tried_once_with_fewer_fields_and_not_again(rogue: Callable[..., Rogue]) -> None:
    script = rogue(send(400, b'{"error": {"message": "out of sorts"}}'))
    assert "out of sorts" in str(ask(script))
    assert len(script.paths) == 2


def test_fields_that_a_server_does_not_know_are_left_out_from_then_on(rogue: Callable[..., Rogue]) -> None:
    optional = {"logprobs", "top_logprobs", "seed"}

    def strict(handler: BaseHTTPRequestHandler) -> None:
        knows_all = not optional & set(script.bodies[-1])
        (send(200, ANSWER) if knows_all else send(400, b'{"detail": "Extra inputs are not permitted"}'))(handler)

    script = rogue(strict)
    for _ in range(2):  # the second run knows from the first
        gateway = Gateway(ForeignServer(Endpoint(script.url), ()), "m", LIMITS)
        ((_, outcome),) = gateway.ask_many([Prompt(PNG, "1")])
        assert text_of(outcome) == "a harbour"
    assert [sorted(optional & set(body)) for body in script.bodies] == [sorted(optional), [], []]


@pytest.mark.parametrize(
    ("refused", "kept"), [({"structured_outputs"}, {"logprobs", "seed"}), ({"structured_outputs", "seed"}, set())]
)
def test_a_server_that_refuses_choices_is_asked_without_from_then_on(
    rogue: Callable[..., Rogue], refused: set[str], kept: set[str]
) -> None:
    def strict(handler: BaseHTTPRequestHandler) -> None:
        answered = (
            send(200, ANSWER) if not refused & set(script.bodies[-1]) else send(400, b'{"detail": "Extra inputs"}')
        )
        answered(handler)

    script = rogue(strict)
    for _ in range(2):  # the second run knows from the first
        gateway = Gateway(ForeignServer(Endpoint(script.url), ()), "m", LIMITS)
        ((_, outcome),) = gateway.ask_many([Prompt(PNG, "1", choices=("a harbour", "a field"))])
        assert text_of(outcome) == "a harbour"
    assert script.bodies[0]["structured_outputs"] == {"choice": ["a harbour", "a field"]}
    optional = {"logprobs", "seed", "structured_outputs"}
    assert [optional & set(body) for body in script.bodies[-2:]] == [kept, kept]
    assert len(script.bodies) == (3 if kept else 4)


def test_a_picture_that_is_too_large_is_sent_smaller_and_so_are_the_next(rogue: Callable[..., Rogue]) -> None:
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
        ((_, outcome),) = gateway.ask_many([Prompt(known_picture("red", 600), "What is this?")])
        assert text_of(outcome) == "a harbour"
    assert sides == [600, 400, 266, 266]


def test_a_picture_limit_that_a_person_set_holds_from_the_first(rogue: Callable[..., Rogue]) -> None:
    script = rogue(send(200, ANSWER))
    gateway = Gateway(ForeignServer(Endpoint(script.url)), "m", LIMITS, PictureLimit(side=100))
    list(gateway.ask_many([Prompt(known_picture("red"), "What is this?")]))
    url = script.bodies[0]["messages"][0]["content"][0]["image_url"]["url"]
    assert longest_side(base64.b64decode(url.partition(",")[2])) == 100


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (500, "image input is not supported - hint: if this is unexpected, you may need to provide the mmproj"),
        (400, "llama-7b is not a multimodal model"),
        (200, "Model does not support images. Please use a model that does."),
    ],
)
def test_a_text_only_model_ends_the_run_at_once(rogue: Callable[..., Rogue], status: int, said: str) -> None:
    script = rogue(send(status, json.dumps({"error": {"message": said}}).encode()))
    with pytest.raises(ModelError, match="reads text only"):
        ask(script)
    assert len(script.paths) == 1


def test_a_missing_key_is_told_from_a_stumble(rogue: Callable[..., Rogue]) -> None:
    script = rogue(send(500, b'{"error": {"message": "No api key passed in."}}'))
    with pytest.raises(ServerError, match="did not accept the key"):
        ask(script)
    assert len(script.paths) == 1


def test_a_server_that_loads_is_waited_for_and_one_that_stays_busy_is_not(rogue: Callable[..., Rogue]) -> None:
    loading = [send(503, b'{"error": {"message": "Loading model"}}', Retry_After="0")] * 2
    assert text_of(ask(rogue(*loading, send(200, ANSWER)))) == "a harbour"
    with pytest.raises(ServerError, match="has been busy for 1 s.*Loading model"):
        ask(rogue(loading[0]))


def test_more_turned_away_than_may_be_asked_again_at_once_all_get_their_turn(rogue: Callable[..., Rogue]) -> None:
    def slow(handler: BaseHTTPRequestHandler) -> None:
        time.sleep(0.4)
        send(200, ANSWER)(handler)

    busy = send(429, Retry_After="0")
    gateway = Gateway(ForeignServer(Endpoint(rogue(busy, busy, slow).url)), "m", LIMITS)
    outcomes = [outcome for _, outcome in gateway.ask_many([Prompt(PNG, "1")] * 4)]
    assert [text_of(outcome) for outcome in outcomes] == ["a harbour"] * 4


def test_a_server_that_falls_silent_under_load_is_asked_less_at_once(rogue: Callable[..., Rogue]) -> None:
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


def test_a_run_without_any_answer_is_given_up(rogue: Callable[..., Rogue]) -> None:
    script = rogue(send(200, b'{"choices": []}'))
    gateway = Gateway(ForeignServer(Endpoint(script.url)), "m", LIMITS)
    with pytest.raises(ServerError, match="first 10 questions all failed"):
        list(gateway.ask_many([Prompt(PNG, "1")] * 1000))
    assert len(script.paths) < 20


def test_text_in_parts_and_thoughts_aloud_are_read(rogue: Callable[..., Rogue]) -> None:
    parts = [{"type": "text", "text": "<think>Blue.</think>\n\na "}, {"type": "text", "text": "harbour"}]
    body = {"error": None, "choices": [{"message": {"content": parts}}]}
    assert text_of(ask(rogue(send(200, json.dumps(body).encode())))) == "a harbour"


def foreign(script: Rogue) -> Endpoint:
    """The same server by an address that is not this machine's own."""
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


def test_an_allowed_host_cannot_send_a_picture_on(rogue: Callable[..., Rogue]) -> None:
    elsewhere = rogue(send(200, ANSWER))
    endpoint = foreign(rogue(send(307, Location=f"{elsewhere.url}/chat/completions")))
    with pytest.raises(ServerError, match="not followed"):
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
    with pytest.raises(ServerError, match="not followed"):
        ask(script)
    assert elsewhere.paths == []


@pytest.mark.parametrize(
    "body",
    [b'{"error": "x"}', b"<html>", b"", b"[]", b'{"choices": []}', b"\xff\xfe", b'{"choices": [{"a": 1}]}'],
)
def test_nonsense_in_a_good_reply_is_an_error_of_that_prompt(rogue: Callable[..., Rogue], body: bytes) -> None:
    assert isinstance(ask(rogue(send(200, body))), ServerError)


def test_an_endless_reply_is_cut(rogue: Callable[..., Rogue]) -> None:
    assert "larger than any answer" in str(ask(rogue(send(200, b"x" * 200_000))))


@pytest.mark.parametrize("act", [sulk, start_and_sulk])
def test_silence_ends_in_time(rogue: Callable[..., Rogue], act: Callable[..., None]) -> None:
    begin = time.monotonic()
    with pytest.raises(ServerError, match="no sign of life"):
        ask(rogue(act))
    assert time.monotonic() - begin < 2.5


def test_a_cut_reply_is_asked_again(rogue: Callable[..., Rogue]) -> None:
    assert text_of(ask(rogue(send(200, ANSWER[:20], length=len(ANSWER)), send(200, ANSWER)))) == "a harbour"


def test_nobody_there_is_a_sentence() -> None:
    with pytest.raises(ServerError, match="does not answer"):
        ask(Rogue([], url="http://127.0.0.1:9/v1"))


def test_a_server_of_others_is_told_how_much_it_may_write(rogue: Callable[..., Rogue]) -> None:
    script = rogue(send(200, ANSWER))
    for prompt in (Prompt(PNG, "1"), Prompt(PNG, "1", max_tokens=7)):
        list(Gateway(ForeignServer(Endpoint(script.url), ()), "m", LIMITS).ask_many([prompt]))
    assert [body["max_tokens"] for body in script.bodies] == [256, 7]


def test_a_server_that_knows_one_kind_of_structure_keeps_that(rogue: Callable[..., Rogue]) -> None:
    def strict(handler: BaseHTTPRequestHandler) -> None:
        takes = "json" not in script.bodies[-1].get("structured_outputs", {})
        (send(200, ANSWER) if takes else send(400, b'{"detail": "json is not supported"}'))(handler)

    script = rogue(strict)
    gateway = Gateway(ForeignServer(Endpoint(script.url), ()), "m", LIMITS)
    for prompt in (Prompt(PNG, "How many?", is_number=True), Prompt(PNG, "Is?", choices=("yes", "no"))):
        for _ in range(2):
            ((_, outcome),) = gateway.ask_many([prompt])
            assert text_of(outcome) == "a harbour"
    sent = [body.get("structured_outputs") for body in script.bodies]
    assert sent == [{"json": {"type": "integer"}}, None, None, *[{"choice": ["yes", "no"]}] * 2]
