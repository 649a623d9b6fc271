"""The vision check with servers that see pictures, guess, or do not answer."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import replace
from http.server import BaseHTTPRequestHandler

import pytest
from qgis.PyQt.QtGui import QColor, QImage

from rsgpt_plugin.client.preferences import Preferences
from rsgpt_plugin.client.server.local_server import LocalServer
from rsgpt_plugin.client.server.vision_check import try_server
from rsgpt_plugin.shared import i18n

from .rogue_servers import Rogue, completion, send

MakeRogue = Callable[..., Rogue]


def color_shown(script: Rogue) -> QColor:
    """Return the color in the middle of the last picture sent."""
    url = script.bodies[-1]["messages"][0]["content"][0]["image_url"]["url"]
    image = QImage.fromData(base64.b64decode(url.partition(",")[2]))
    return image.pixelColor(image.width() // 2, image.height() // 2)


def choose(script: Rogue, model: str = "m") -> Preferences:
    return Preferences(server_url=script.url, server_model=model)


def test_a_model_that_names_both_colors_passes(rogue: MakeRogue) -> None:
    def reply(handler: BaseHTTPRequestHandler) -> None:
        name = "Red." if color_shown(script).red() > 200 else "It is blue, I would say."
        send(200, completion(name, "llava-1.6"))(handler)

    script = rogue(reply)
    verdict = try_server(choose(script))
    assert verdict.fine
    assert verdict.sentence == "llava-1.6 answers and sees pictures."


@pytest.mark.parametrize("said", ["Red", "red or blue", "coloured", "I cannot see pictures. {x}"])
def test_a_model_that_gives_the_same_answer_twice_fails(rogue: MakeRogue, said: str) -> None:
    verdict = try_server(choose(rogue(send(200, completion(said, "llama")))))
    assert not verdict.fine
    assert "does not seem to see pictures" in verdict.sentence
    assert f"“{said}” / “{said}”" in verdict.sentence


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (401, b"", "did not accept the key"),
        (500, b'{"error": {"message": "you may need to provide the mmproj"}}', "reads text only"),
        (500, b"Internal Server Error", "status 500.*No key is chosen; this server may need one"),
        (404, b'{"error": {"message": "model m not found"}}', "does not know this model.*model m not found"),
    ],
)
def test_an_error_becomes_a_verdict(rogue: MakeRogue, status: int, body: bytes, message: str) -> None:
    verdict = try_server(choose(rogue(send(status, body))))
    assert not verdict.fine
    assert re.search(message, verdict.sentence)


def test_the_hint_at_a_missing_key_does_not_depend_on_the_language(
    rogue: MakeRogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused, translated = "refused the request", "hat die Anfrage abgelehnt"
    monkeypatch.setattr(i18n, "_translators", [lambda context, text: text.replace(refused, translated)])
    sentence = try_server(choose(rogue(send(500, b"Internal Server Error")))).sentence
    assert translated in sentence
    assert "this server may need one" in sentence


def test_a_missing_server_becomes_a_verdict() -> None:
    verdict = try_server(Preferences(server_url="http://127.0.0.1:9", server_model="m"))
    assert not verdict.fine
    assert "does not answer" in verdict.sentence


def test_nothing_is_sent_to_a_host_that_is_not_allowed(rogue: MakeRogue) -> None:
    script = rogue(send(200, completion("red")))
    chosen = choose(script)
    verdict = try_server(replace(chosen, server_url=chosen.server_url.replace("127.0.0.1", "0.0.0.0")))
    assert "has not been allowed" in verdict.sentence
    assert script.paths == []


def test_without_a_chosen_model_the_models_are_listed(rogue: MakeRogue) -> None:
    two = b'{"data": [{"id": "llava"}, {"id": "qwen-vl"}]}'
    assert "Available: llava, qwen-vl." in try_server(choose(rogue(send(200, two)), "")).sentence
    assert "Available: none." in try_server(choose(rogue(send(200, b'{"data": []}')), "")).sentence


def test_the_local_server_requires_its_key(fake_server: Callable[..., LocalServer]) -> None:
    at = fake_server().endpoint()
    verdict = try_server(Preferences(server_url=at.url))
    assert "did not accept the key" in verdict.sentence  # the key of the launch is not known here
