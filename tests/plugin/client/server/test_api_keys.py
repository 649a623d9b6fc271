"""Server keys are kept in QGIS's authentication database and added to requests; no key appears anywhere else."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from qgis.core import QgsApplication, QgsAuthMethodConfig, QgsSettings
from qgis.PyQt.QtCore import QUrl
from qgis.PyQt.QtNetwork import QNetworkRequest

from rsgpt_plugin.client.backends import chosen_model, open_backend
from rsgpt_plugin.client.preferences import BackendKind, Preferences, save
from rsgpt_plugin.client.server.api_keys import sign, store_key
from rsgpt_plugin.client.server.protocol import Prompt
from rsgpt_plugin.errors import ServerError

from .rogue_servers import Rogue, completion, send

MakeRogue = Callable[..., Rogue]


@pytest.fixture(autouse=True)
def unlocked(qgis_app: object) -> None:
    assert QgsApplication.authManager().setMasterPassword("of the tests", True)


def stored(method: str, **values: str) -> str:
    """Store a configuration and return its id."""
    config = QgsAuthMethodConfig(method)
    config.setName(f"a {method} key")
    config.setConfigMap(values)
    is_stored, config = QgsApplication.authManager().storeAuthenticationConfig(config)
    assert is_stored
    return str(config.id())


def authorization(auth: str) -> bytes:
    """Return the Authorization header of a signed request."""
    request = QNetworkRequest(QUrl("http://127.0.0.1:8000/v1/models"))
    sign(request, auth)
    return bytes(request.rawHeader(b"Authorization"))


def test_a_stored_key_is_sent_and_is_not_in_the_settings(rogue: MakeRogue) -> None:
    script = rogue(send(200, completion("a harbour")))
    auth = store_key("server", " s3cret ")
    save(Preferences(BackendKind.SERVER, server_url=script.url, server_model="m", server_auth=auth))
    list(open_backend(chosen_model()).ask_many([Prompt(b"\x89PNG\r\n\x1a\n", "What is this?")]))
    assert script.headers[0]["Authorization"] == "Bearer s3cret"
    settings = QgsSettings()
    assert not [key for key in settings.allKeys() if "s3cret" in str(settings.value(key))]


def test_a_missing_key_ends_the_run_before_a_request(rogue: MakeRogue) -> None:
    script = rogue(send(200, completion("a harbour")))
    save(Preferences(BackendKind.SERVER, server_url=script.url, server_model="m", server_auth="gone123"))
    with pytest.raises(ServerError, match="key cannot be read"):
        list(open_backend(chosen_model()).ask_many([Prompt(b"\x89PNG\r\n\x1a\n", "What is this?")]))
    assert script.paths == []


def test_a_stored_key_has_its_name_and_its_own_id() -> None:
    first, second = store_key("server", "one"), store_key("server", "two")
    assert first != second
    config = QgsApplication.authManager().availableAuthMethodConfigs()[first]
    assert (config.name(), config.method()) == ("server", "APIHeader")
    assert (authorization(first), authorization(second)) == (b"Bearer one", b"Bearer two")


@pytest.mark.parametrize(
    ("method", "values", "header"),
    [
        ("Basic", {"username": "", "password": " s3cret\n"}, b"Bearer s3cret"),
        ("Basic", {"username": "me", "password": "pw"}, b"Basic bWU6cHc="),
        ("APIHeader", {"Authorization": "Token t"}, b"Token t"),
    ],
)
def test_each_kind_of_configuration_signs_a_request(method: str, values: dict[str, str], header: bytes) -> None:
    assert authorization(stored(method, **values)) == header


def test_a_key_of_another_header_is_added_to_that_header() -> None:
    request = QNetworkRequest(QUrl("http://127.0.0.1:8000/v1/models"))
    sign(request, stored("APIHeader", **{"X-Api-Key": "s3cret"}))
    assert bytes(request.rawHeader(b"X-Api-Key")) == b"s3cret"
    assert not request.hasRawHeader(b"Authorization")


@pytest.mark.parametrize("auth", ["", "gone123"])
def test_an_unknown_configuration_raises_server_error_and_signs_nothing(auth: str) -> None:
    request = QNetworkRequest(QUrl("http://127.0.0.1:8000/v1/models"))
    with pytest.raises(ServerError, match="choose the key again in the options"):
        sign(request, auth)
    assert request.rawHeaderList() == []


def test_a_deleted_key_is_not_used_any_more() -> None:
    auth = store_key("server", "s3cret")
    QgsApplication.authManager().removeAuthenticationConfig(auth)
    with pytest.raises(ServerError) as caught:
        authorization(auth)
    assert "s3cret" not in str(caught.value)


def test_a_key_that_cannot_be_stored_has_no_id() -> None:
    assert store_key("", "s3cret") == ""  # QGIS refuses a configuration without a name
