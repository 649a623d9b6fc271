"""Which model is meant, by which door, and what tells its answers apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from qgis.core import QgsApplication, QgsAuthMethodConfig, QgsSettings

from rsgpt_plugin.client import in_process
from rsgpt_plugin.client.backends import chosen_model, close_doors, known_model, open_backend
from rsgpt_plugin.client.installed_models import ModelInfo, model_identity
from rsgpt_plugin.client.preferences import BackendKind, Preferences, save
from rsgpt_plugin.client.server import local_server
from rsgpt_plugin.client.server.api_keys import store_key
from rsgpt_plugin.client.server.gateway import Gateway
from rsgpt_plugin.client.server.local_server import LocalServer
from rsgpt_plugin.client.server.protocol import Prompt
from rsgpt_plugin.client.server.vision_check import known_picture
from rsgpt_plugin.errors import ModelError, ServerError, SetupError

from .server.rogue_servers import Rogue, completion, send

MakeRogue = Callable[..., Rogue]
SERVER = Preferences(BackendKind.SERVER, server_url="http://127.0.0.1:8000", server_model="llava")
AT = "http://127.0.0.1:8000/v1"


@pytest.fixture(autouse=True)
def none_chosen(qgis_app: Any) -> Iterator[None]:
    QgsSettings().remove("rsgpt")
    yield
    QgsSettings().remove("rsgpt")


def test_nothing_typed_means_the_model_of_the_door() -> None:
    assert chosen_model() == model_identity("rsgpt-small")
    save(SERVER)
    assert chosen_model() == chosen_model("llava") == ModelInfo("llava", server=AT)


def test_a_typed_name_is_the_server_s_unless_this_machine_has_it() -> None:
    save(SERVER)
    assert chosen_model("qwen-vl") == ModelInfo("qwen-vl", server=AT)
    assert chosen_model("rsgpt-small") == model_identity("rsgpt-small")
    save(Preferences())
    with pytest.raises(ModelError, match="no model named “qwen-vl”"):
        chosen_model("qwen-vl")


def test_a_server_without_an_address_is_a_sentence() -> None:
    save(replace(SERVER, server_url=""))
    with pytest.raises(ServerError, match="Enter its address in the options"):
        chosen_model()


def test_each_door_has_its_asker() -> None:
    shipped = model_identity("rsgpt-small")
    save(SERVER)
    assert isinstance(open_backend(chosen_model()), Gateway)
    save(Preferences(BackendKind.IN_PROCESS))
    assert isinstance(open_backend(shipped), in_process.InProcessModel)
    save(Preferences())
    with pytest.raises(SetupError, match="is not set up"):  # before a run opens its output
        open_backend(shipped)
    close_doors()


def test_another_door_ends_the_model_of_ours(
    fake_server: Callable[..., LocalServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = fake_server()
    monkeypatch.setattr(local_server, "_managed_server", lambda launch: server)
    for other in (SERVER, Preferences(BackendKind.IN_PROCESS)):
        save(Preferences())
        list(open_backend(model_identity("rsgpt-small")).ask_many([Prompt(known_picture("red"), "What is this?")]))
        assert server._process is not None
        save(other)
        open_backend(chosen_model())
        assert server._process is None


def test_our_own_server_tells_its_weights(fake_server: Callable[..., LocalServer]) -> None:
    at = fake_server().endpoint()
    config = QgsAuthMethodConfig("Basic")
    config.setConfigMap({"username": "", "password": at.api_key})
    config.setName("a key alone")
    _unlock()
    kept, config = QgsApplication.authManager().storeAuthenticationConfig(config)
    assert kept
    save(Preferences(BackendKind.SERVER, server_url=at.url, server_auth=config.id()))
    model = known_model(chosen_model())
    assert (model.name, model.mark, model.weights_sha256) == ("rsgpt-small", "f" * 16, "f" * 64)


def test_a_server_that_tells_no_hash_is_told_apart_by_its_address(rogue: MakeRogue) -> None:
    script = rogue(send(200, b'{"data": [{"id": "llava"}]}'))
    save(Preferences(BackendKind.SERVER, server_url=script.url))
    model = known_model(chosen_model())
    assert (model.name, model.mark, model.weights_sha256) == ("llava", script.url, "")


def test_what_is_remembered_of_a_server_needs_no_server() -> None:
    gone = replace(SERVER, server_url="http://127.0.0.1:9")
    save(gone)
    assert known_model(chosen_model()) == chosen_model()
    save(replace(gone, server_model=""))
    with pytest.raises(ServerError, match="does not answer"):
        known_model(chosen_model())


def test_a_stored_key_reaches_the_server_and_no_setting(rogue: MakeRogue) -> None:
    _unlock()
    script = rogue(send(200, completion("a harbour")))
    auth = store_key("server", " s3cret ")
    save(Preferences(BackendKind.SERVER, server_url=script.url, server_model="m", server_auth=auth))
    list(open_backend(chosen_model()).ask_many([Prompt(b"\x89PNG\r\n\x1a\n", "What is this?")]))
    assert script.headers[0]["Authorization"] == "Bearer s3cret"
    settings = QgsSettings()
    assert not [key for key in settings.allKeys() if "s3cret" in str(settings.value(key))]


def test_a_key_that_is_gone_ends_the_run_before_anything_is_sent(rogue: MakeRogue) -> None:
    _unlock()
    script = rogue(send(200, completion("a harbour")))
    save(Preferences(BackendKind.SERVER, server_url=script.url, server_model="m", server_auth="gone123"))
    with pytest.raises(ServerError, match="key cannot be read"):
        list(open_backend(chosen_model()).ask_many([Prompt(b"\x89PNG\r\n\x1a\n", "What is this?")]))
    assert script.paths == []


def _unlock() -> None:
    assert QgsApplication.authManager().setMasterPassword("of the tests", True)
