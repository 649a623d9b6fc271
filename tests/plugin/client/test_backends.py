"""Choice of the model and the backend, and identity of models."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from qgis.core import QgsApplication, QgsAuthMethodConfig, QgsSettings

from rsgpt_plugin.client import in_process
from rsgpt_plugin.client.backends import (
    chosen_model,
    close_backends,
    identified_model,
    lacks_sentence_model,
    must_start,
    open_backend,
)
from rsgpt_plugin.client.installed_models import ModelInfo, model_identity
from rsgpt_plugin.client.preferences import BackendKind, Preferences, save
from rsgpt_plugin.client.server import local_server
from rsgpt_plugin.client.server.gateway import Gateway
from rsgpt_plugin.client.server.local_server import LocalServer
from rsgpt_plugin.client.server.protocol import Prompt
from rsgpt_plugin.client.server.vision_check import shape_picture
from rsgpt_plugin.errors import ModelError, ServerError, SetupError

from .server.rogue_servers import Rogue, send

MakeRogue = Callable[..., Rogue]
SERVER = Preferences(BackendKind.SERVER, server_url="http://127.0.0.1:8000", server_model="llava")
URL = "http://127.0.0.1:8000/v1"


@pytest.fixture(autouse=True)
def default_settings(qgis_app: Any) -> Iterator[None]:
    QgsSettings().remove("rsgpt")
    yield
    QgsSettings().remove("rsgpt")


def test_without_a_typed_name_the_configured_model_is_used() -> None:
    assert chosen_model() == model_identity("rsgpt-small")
    save(SERVER)
    assert chosen_model() == chosen_model("llava") == ModelInfo("llava", server=URL)


def test_a_local_model_must_start_and_a_server_runs_already() -> None:
    assert must_start()
    save(SERVER)
    assert not must_start()


def test_only_a_managed_environment_can_lack_the_sentence_model() -> None:
    save(Preferences())
    assert lacks_sentence_model()
    save(SERVER)
    assert not lacks_sentence_model()


def test_a_typed_name_is_a_model_of_the_server_unless_a_local_model_has_it() -> None:
    save(SERVER)
    assert chosen_model("qwen-vl") == ModelInfo("qwen-vl", server=URL)
    assert chosen_model("rsgpt-small") == model_identity("rsgpt-small")
    save(Preferences())
    with pytest.raises(ModelError, match="no model named “qwen-vl”"):
        chosen_model("qwen-vl")


def test_a_server_without_an_address_raises_server_error() -> None:
    save(replace(SERVER, server_url=""))
    with pytest.raises(ServerError, match="Enter its address in the options"):
        chosen_model()


def test_each_backend_has_its_client() -> None:
    shipped = model_identity("rsgpt-small")
    save(SERVER)
    assert isinstance(open_backend(chosen_model()), Gateway)
    save(Preferences(BackendKind.IN_PROCESS))
    assert isinstance(open_backend(shipped), in_process.InProcessModel)
    save(Preferences())
    with pytest.raises(SetupError, match="is not set up"):  # raised before a run opens its output
        open_backend(shipped)
    close_backends()


def test_changing_the_backend_stops_the_local_server(
    fake_server: Callable[..., LocalServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = fake_server()
    monkeypatch.setattr(local_server, "_managed_server", lambda launch: server)
    for preferences in (SERVER, Preferences(BackendKind.IN_PROCESS)):
        save(Preferences())
        list(open_backend(model_identity("rsgpt-small")).ask_many([Prompt(shape_picture("red"), "What is this?")]))
        assert server._process is not None
        save(preferences)
        open_backend(chosen_model())
        assert server._process is None


def test_an_rsgpt_server_reports_its_weights_hash(fake_server: Callable[..., LocalServer]) -> None:
    endpoint = fake_server().endpoint()
    config = QgsAuthMethodConfig("Basic")
    config.setConfigMap({"username": "", "password": endpoint.api_key})
    config.setName("a key alone")
    _unlock()
    is_stored, config = QgsApplication.authManager().storeAuthenticationConfig(config)
    assert is_stored
    save(Preferences(BackendKind.SERVER, server_url=endpoint.url, server_auth=config.id()))
    model = identified_model(chosen_model())
    assert (model.name, model.mark, model.weights_sha256) == ("rsgpt-small", "f" * 16, "f" * 64)


def test_a_server_without_hashes_is_identified_by_its_address(rogue: MakeRogue) -> None:
    script = rogue(send(200, b'{"data": [{"id": "llava"}]}'))
    save(Preferences(BackendKind.SERVER, server_url=script.url))
    model = identified_model(chosen_model())
    assert (model.name, model.mark, model.weights_sha256) == ("llava", script.url, "")


def test_a_named_model_is_identified_while_its_server_is_down() -> None:
    unreachable = replace(SERVER, server_url="http://127.0.0.1:9")
    save(unreachable)
    assert identified_model(chosen_model()) == chosen_model()
    save(replace(unreachable, server_model=""))
    with pytest.raises(ServerError, match="does not answer"):
        identified_model(chosen_model())


def _unlock() -> None:
    assert QgsApplication.authManager().setMasterPassword("of the tests", True)
