"""The server from the preferences: its endpoint, the limits of its gateway, and the model that it is asked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from qgis.core import QgsFeedback

from rsgpt_plugin.client.installed_models import ModelInfo
from rsgpt_plugin.client.preferences import BackendKind, Preferences
from rsgpt_plugin.client.server.downscaling import PictureLimit
from rsgpt_plugin.client.server.protocol import Prompt
from rsgpt_plugin.client.server.remote_server import identify_model, server_endpoint, server_gateway, server_model
from rsgpt_plugin.errors import Cancelled, ModelError, ServerError

from .rogue_servers import Rogue, completion, send

MakeRogue = Callable[..., Rogue]
SERVER = Preferences(BackendKind.SERVER, server_url="http://127.0.0.1:8000", server_model="llava")
URL = "http://127.0.0.1:8000/v1"

pytestmark = pytest.mark.usefixtures("qgis_app")


def listing(*entries: object) -> Callable[..., None]:
    return send(200, json.dumps({"data": list(entries)}).encode())


def served(script: Rogue, model: str = "") -> Preferences:
    return Preferences(BackendKind.SERVER, server_url=script.url, server_model=model)


def test_the_endpoint_has_the_address_and_the_key_of_the_preferences() -> None:
    endpoint = server_endpoint(replace(SERVER, server_auth="abc1234"))
    assert (endpoint.url, endpoint.auth, endpoint.is_local) == (URL, "abc1234", False)


@pytest.mark.parametrize(
    ("address", "message"),
    [("", "Enter its address in the options"), ("  ", "Enter its address in the options"), ("host", "not a server")],
)
def test_a_missing_or_invalid_address_raises_server_error(address: str, message: str) -> None:
    preferences = replace(SERVER, server_url=address)
    for make in (server_endpoint, server_model, lambda changed: server_gateway(changed, "llava")):
        with pytest.raises(ServerError, match=message):
            make(preferences)


def test_a_host_that_was_not_allowed_receives_no_request() -> None:
    preferences = replace(SERVER, server_url="http://192.0.2.1:8000")
    with pytest.raises(ServerError, match=r"Pictures would leave this machine for http://192\.0\.2\.1:8000"):
        list(server_gateway(preferences, "llava").ask_many([Prompt(b"", "What?")]))
    with pytest.raises(ServerError, match="has not been allowed"):
        server_gateway(preferences, "").models()


def test_the_gateway_uses_the_model_and_the_picture_limits_of_the_preferences(rogue: MakeRogue) -> None:
    script = rogue(send(200, completion("boats")))
    gateway = server_gateway(replace(served(script), server_side=512, server_mb=1.5), "qwen")
    ((_, outcome),) = gateway.ask_many([Prompt(b"\x89PNG\r\n\x1a\n", "What?")])
    assert getattr(outcome, "text", outcome) == "boats"
    assert script.bodies[0]["model"] == "qwen"
    assert gateway.quirks.limit == PictureLimit(512, 1_500_000)


@pytest.mark.parametrize(("name", "expected"), [("", "llava"), ("qwen", "qwen")])
def test_a_name_goes_before_the_configured_model(name: str, expected: str) -> None:
    assert server_model(SERVER, name) == ModelInfo(expected, server=URL)
    assert server_model(replace(SERVER, server_model=""), name) == ModelInfo(name, server=URL)


def test_a_listed_model_gets_its_hashes_and_keeps_the_address(rogue: MakeRogue) -> None:
    entries = {"id": "other"}, {"id": "llava", "weights_sha256": "a" * 64, "fingerprint": "b" * 16}
    script = rogue(listing(*entries))
    model = identify_model(server_model(served(script), "llava"), served(script))
    assert model == ModelInfo("llava", "a" * 64, server=script.url, fingerprint="b" * 16)
    assert script.paths == ["/v1/models"]


@pytest.mark.parametrize(
    ("entry", "sent"),
    [({}, None), ({"capabilities": {"gsd": False}}, None), ({"capabilities": {"gsd": True}}, 0.3)],
)
def test_only_a_server_that_reports_it_receives_the_ground_resolution(
    rogue: MakeRogue, entry: dict[str, object], sent: float | None
) -> None:
    script = rogue(listing({"id": "llava", **entry}), send(200, completion("boats")))
    model = identify_model(server_model(served(script), "llava"), served(script))
    prompt = Prompt(b"\x89PNG\r\n\x1a\n", "What?", gsd_m=model.sent_gsd(0.3))
    list(server_gateway(served(script), "llava").ask_many([prompt]))
    assert script.bodies[1].get("gsd_m") == sent


def test_a_model_without_a_name_is_the_only_model_of_the_server(rogue: MakeRogue) -> None:
    script = rogue(listing({"id": "llava"}))
    assert identify_model(server_model(served(script)), served(script)) == ModelInfo("llava", server=script.url)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], r"Choose a model of the server in the options of RSGPT\. Available: none\."),
        (["a", "b"], r"Available: a, b\.$"),
        ([f"m{number}" for number in range(12)], r"Available: m0, .*, m9\.$"),
    ],
)
def test_a_list_that_does_not_determine_the_model_is_in_the_error(
    rogue: MakeRogue, names: list[str], message: str
) -> None:
    script = rogue(listing(*({"id": name} for name in names)))
    with pytest.raises(ModelError, match=message):
        identify_model(server_model(served(script)), served(script))


def test_a_named_model_that_is_not_listed_is_accepted(rogue: MakeRogue) -> None:
    script = rogue(listing({"id": "other", "weights_sha256": "a" * 64}))
    assert identify_model(server_model(served(script), "llava"), served(script)) == ModelInfo(
        "llava", server=script.url
    )


@pytest.mark.parametrize("status", [401, 404, 500])
def test_a_server_that_hides_its_list_is_asked_for_a_named_model_only(rogue: MakeRogue, status: int) -> None:
    script = rogue(send(status, b"{}"))
    named = server_model(served(script), "llava")
    assert identify_model(named, served(script)) == named
    with pytest.raises((ServerError, ModelError)):
        identify_model(server_model(served(script)), served(script))


def test_cancel_is_not_taken_for_a_hidden_list(rogue: MakeRogue) -> None:
    script = rogue(listing({"id": "llava"}))
    feedback = QgsFeedback()
    feedback.cancel()
    with pytest.raises(Cancelled):
        identify_model(server_model(served(script), "llava"), served(script), feedback)
