"""A server elsewhere is reached through QGIS's proxy with its login; this machine never is."""

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
    """A proxy that wants a login, and answers for whatever lies behind it."""
    login, given = f"{USER}:{PASSWORD}", handler.headers.get("Proxy-Authorization")
    if given and "tiny" in handler.path:  # as Tinyproxy does
        send(401, b"who are you?", WWW_Authenticate='Basic realm="Tinyproxy"', Server="tinyproxy/1.11.1")(handler)
    elif given != f"Basic {base64.b64encode(login.encode()).decode()}":
        send(407, b"who are you?", Proxy_Authenticate='Basic realm="office"')(handler)
    elif handler.path.endswith("/models"):
        send(200, json.dumps({"data": [{"id": "far"}]}).encode())(handler)
    else:
        send(200, completion("a harbour"))(handler)


@pytest.fixture
def proxy(qgis_app: object, rogue: Callable[..., Rogue]) -> Iterator[Callable[[str], Rogue]]:
    """Have QGIS use the proxy, with a password from the authentication database."""
    settings, manager = QgsSettings(), QgsNetworkAccessManager.instance()

    def use(password: str) -> Rogue:
        server = rogue(office)
        config = QgsAuthMethodConfig("Basic")
        config.setName("proxy")
        config.setConfigMap({"username": USER, "password": password})
        assert QgsApplication.authManager().setMasterPassword("of the tests", True)
        kept, config = QgsApplication.authManager().storeAuthenticationConfig(config)
        assert kept
        where = urlsplit(server.url)
        values = {"Enabled": True, "Type": "HttpProxy", "Host": where.hostname, "Port": where.port}
        for name, value in values.items():
            settings.setValue(f"proxy/proxy{name}", value)
        settings.setValue("proxy/authcfg", config.id())
        manager.setupDefaultProxyAndCache()
        return server

    yield use
    settings.remove("proxy")
    manager.setupDefaultProxyAndCache()


def gateway(url: str) -> Gateway:
    """The way to a server that has been allowed."""
    return Gateway(ForeignServer(Endpoint(url), (Endpoint(url).origin,)), "far", LIMITS)


def test_a_server_elsewhere_is_reached_through_it(proxy: Callable[[str], Rogue]) -> None:
    office = proxy(PASSWORD)
    far = gateway("http://model.example/v1")
    assert [model.name for model in far.models()] == ["far"]
    ((_, reply),) = far.ask_many([PROMPT])
    assert isinstance(reply, Reply)
    assert reply.text == "a harbour"
    assert set(office.paths) == {"http://model.example/v1/models", "http://model.example/v1/chat/completions"}


@pytest.mark.parametrize("url", ["http://model.example/v1", "https://model.example/v1", "http://tiny.example/v1"])
def test_a_wrong_login_is_told_as_such(proxy: Callable[[str], Rogue], url: str) -> None:
    proxy("wrong")
    far = gateway(url)
    with pytest.raises(ServerError, match="The proxy did not accept its login"):
        far.models()
    with pytest.raises(ServerError, match="The proxy did not accept its login"):
        list(far.ask_many([PROMPT]))
    with pytest.raises(ServerError, match="The proxy did not accept its login"):
        far.ask_one(PROMPT, lambda text: None)


def test_this_machine_is_asked_directly(proxy: Callable[[str], Rogue], rogue: Callable[..., Rogue]) -> None:
    office, near = proxy(PASSWORD), rogue(send(200, completion("a field")))
    ((_, reply),) = gateway(near.url).ask_many([PROMPT])
    assert isinstance(reply, Reply)
    assert (reply.text, office.paths) == ("a field", [])
