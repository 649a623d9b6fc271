"""External servers are reached through QGIS's proxy with its login, loopback servers directly."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from urllib.parse import urlsplit

import pytest
from qgis.core import QgsApplication, QgsAuthMethodConfig, QgsNetworkAccessManager, QgsSettings

from rsgpt_plugin.client.server.endpoint import Endpoint, ForeignServer
from rsgpt_plugin.client.server.gateway import Gateway
from rsgpt_plugin.client.server.protocol import Prompt, Reply
from rsgpt_plugin.client.server.transport import Limits
from rsgpt_plugin.errors import ServerError

from .rogue_servers import Rogue, completion, send

USER, PASSWORD = "jo", "of the tests"
LIMITS = Limits(connect_s=5.0, first_byte_s=5.0)
PROMPT = Prompt(b"not looked at", "What is this?")


def office(handler: BaseHTTPRequestHandler) -> None:
    """Act as a proxy that requires a login, and as the servers behind it."""
    login, header = f"{USER}:{PASSWORD}", handler.headers.get("Proxy-Authorization")
    if header and "tiny" in handler.path:  # as Tinyproxy does
        send(401, b"who are you?", WWW_Authenticate='Basic realm="Tinyproxy"', Server="tinyproxy/1.11.1")(handler)
    elif header != f"Basic {base64.b64encode(login.encode()).decode()}":
        send(407, b"who are you?", Proxy_Authenticate='Basic realm="office"')(handler)
    elif handler.path.endswith("/models"):
        send(200, json.dumps({"data": [{"id": "far"}]}).encode())(handler)
    else:
        send(200, completion("a harbour"))(handler)


@pytest.fixture
def proxy(qgis_app: object, rogue: Callable[..., Rogue]) -> Iterator[Callable[[str], Rogue]]:
    """A function that makes QGIS use the proxy, with a password from the authentication database."""
    settings, manager = QgsSettings(), QgsNetworkAccessManager.instance()

    def use(password: str) -> Rogue:
        server = rogue(office)
        config = QgsAuthMethodConfig("Basic")
        config.setName("proxy")
        config.setConfigMap({"username": USER, "password": password})
        assert QgsApplication.authManager().setMasterPassword("of the tests", True)
        is_stored, config = QgsApplication.authManager().storeAuthenticationConfig(config)
        assert is_stored
        address = urlsplit(server.url)
        values = {"Enabled": True, "Type": "HttpProxy", "Host": address.hostname, "Port": address.port}
        for name, value in values.items():
            settings.setValue(f"proxy/proxy{name}", value)
        settings.setValue("proxy/authcfg", config.id())
        manager.setupDefaultProxyAndCache()
        return server

    yield use
    settings.remove("proxy")
    manager.setupDefaultProxyAndCache()


def gateway(url: str) -> Gateway:
    """Return a gateway to an allowed server."""
    return Gateway(ForeignServer(Endpoint(url), (Endpoint(url).origin,)), "far", LIMITS)


def test_an_external_server_is_reached_through_the_proxy(proxy: Callable[[str], Rogue]) -> None:
    office = proxy(PASSWORD)
    far = gateway("http://model.example/v1")
    assert [model.name for model in far.models()] == ["far"]
    ((_, reply),) = far.ask_many([PROMPT])
    assert isinstance(reply, Reply)
    assert reply.text == "a harbour"
    assert set(office.paths) == {"http://model.example/v1/models", "http://model.example/v1/chat/completions"}


@pytest.mark.parametrize("url", ["http://model.example/v1", "https://model.example/v1", "http://tiny.example/v1"])
def test_a_wrong_proxy_login_is_reported(proxy: Callable[[str], Rogue], url: str) -> None:
    proxy("wrong")
    far = gateway(url)
    with pytest.raises(ServerError, match="The proxy did not accept the login"):
        far.models()
    with pytest.raises(ServerError, match="The proxy did not accept the login"):
        list(far.ask_many([PROMPT]))
    with pytest.raises(ServerError, match="The proxy did not accept the login"):
        far.ask_one(PROMPT, lambda text: None)


def test_a_loopback_server_is_reached_directly(proxy: Callable[[str], Rogue], rogue: Callable[..., Rogue]) -> None:
    office, near = proxy(PASSWORD), rogue(send(200, completion("a field")))
    ((_, reply),) = gateway(near.url).ask_many([PROMPT])
    assert isinstance(reply, Reply)
    assert (reply.text, office.paths) == ("a field", [])
