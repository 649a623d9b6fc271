"""Tasks about a server list its models and check that it reads pictures, without what was learned from it before."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from rsgpt_plugin.client.installed_models import ModelInfo
from rsgpt_plugin.client.preferences import BackendKind, Preferences
from rsgpt_plugin.client.server.downscaling import PictureLimit
from rsgpt_plugin.client.server.server_quirks import ServerQuirks, quirks_of
from rsgpt_plugin.client.server.vision_check import Verdict
from rsgpt_plugin.services.background_task import BackgroundTask
from rsgpt_plugin.services.machine.server_tasks import check_server, list_models
from tests.plugin.client.conftest import rogue
from tests.plugin.client.server.rogue_servers import Rogue, completion, send
from tests.plugin.waiting import ended

__all__ = ["rogue"]

MakeRogue = Callable[..., Rogue]
LISTING = send(200, json.dumps({"data": [{"id": "llava"}, {"id": "qwen"}]}).encode())

pytestmark = pytest.mark.usefixtures("settings")


def preferences(url: str) -> Preferences:
    return Preferences(BackendKind.SERVER, server_url=url, server_model="llava")


def test_the_models_of_the_server_are_listed(rogue: MakeRogue) -> None:
    script = rogue(LISTING)
    assert ended(list_models(preferences(script.url))) == ([[ModelInfo("llava"), ModelInfo("qwen")]], [])
    assert script.paths == ["/v1/models"]


@pytest.mark.parametrize(
    ("reply", "message"),
    [(send(401), "did not accept the key"), (send(200, b"<html>"), "did not reply with JSON")],
)
def test_a_server_that_lists_no_models_is_reported(rogue: MakeRogue, reply: Callable[..., None], message: str) -> None:
    ((), (failure,)) = ended(list_models(preferences(rogue(reply).url)))
    assert message in failure


@pytest.mark.parametrize(
    ("url", "message"), [("", "Enter its address in the options"), ("http://192.0.2.1", "has not been allowed")]
)
def test_an_address_that_was_not_entered_or_allowed_is_reported(url: str, message: str) -> None:
    (listed, (failure,)) = ended(list_models(preferences(url)))
    assert listed == []
    assert message in failure
    ((verdict,), failures) = ended(check_server(preferences(url)))
    assert not verdict.fine
    assert message in verdict.sentence
    assert failures == []


def test_the_check_asks_about_a_test_picture(rogue: MakeRogue) -> None:
    script = rogue(LISTING, send(200, completion("red")))
    ((verdict,), failures) = ended(check_server(preferences(script.url)))
    assert isinstance(verdict, Verdict)
    assert not verdict.fine  # the server sees the same color in a red and in a blue picture
    assert "it answered “red” / “red”" in verdict.sentence
    assert failures == []
    assert "chat/completions" in script.paths[-1]
    assert script.bodies[-1]["messages"][0]["content"][0]["type"] == "image_url"


@pytest.mark.parametrize("task", [list_models, check_server])
def test_what_was_learned_from_the_server_is_forgotten(
    rogue: MakeRogue, task: Callable[[Preferences], BackgroundTask]
) -> None:
    script = rogue(LISTING, send(200, completion("red")))
    origin = script.url.removesuffix("/v1")
    learned = quirks_of(origin, PictureLimit(side=32))
    learned.accepts_all_fields = True
    ended(task(preferences(script.url)))
    assert quirks_of(origin, PictureLimit()) is not learned
    assert quirks_of(origin, PictureLimit()) == ServerQuirks()
