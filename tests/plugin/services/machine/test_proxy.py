"""Installers get the proxy settings of QGIS, with login and excluded URLs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from qgis.core import QgsNetworkAccessManager, QgsSettings
from qgis.PyQt.QtNetwork import QNetworkProxy

from rsgpt_plugin.services.machine import proxy as module
from rsgpt_plugin.services.machine.proxy import proxy_variables


@pytest.fixture
def manager(qgis_app: object) -> Iterator[QgsNetworkAccessManager]:
    """The network manager of QGIS; its proxy is reset after the test."""
    manager = QgsNetworkAccessManager.instance()
    yield manager
    manager.setFallbackProxyAndExcludes(QNetworkProxy(QNetworkProxy.ProxyType.DefaultProxy), [], [])
    assert proxy_variables() == {}


@pytest.mark.parametrize(
    ("proxy", "address"),
    [
        (QNetworkProxy(QNetworkProxy.ProxyType.HttpProxy, "proxy.example", 3128), "http://proxy.example:3128"),
        (
            QNetworkProxy(QNetworkProxy.ProxyType.HttpProxy, "proxy.example", 3128, "jo", "p@ss"),
            "http://jo:p%40ss@proxy.example:3128",
        ),
        (QNetworkProxy(QNetworkProxy.ProxyType.Socks5Proxy, "proxy.example", 1080), "socks5://proxy.example:1080"),
    ],
)
def test_proxy_variables_hold_the_qgis_proxy(
    manager: QgsNetworkAccessManager, proxy: QNetworkProxy, address: str
) -> None:
    manager.setFallbackProxyAndExcludes(proxy, [], [])
    assert proxy_variables() == {"HTTP_PROXY": address, "HTTPS_PROXY": address}


def test_excluded_urls_become_no_proxy(manager: QgsNetworkAccessManager) -> None:
    proxy = QNetworkProxy(QNetworkProxy.ProxyType.HttpProxy, "proxy.example", 3128)
    manager.setFallbackProxyAndExcludes(proxy, ["https://index.example/simple"], ["https://wheels.example"])
    assert proxy_variables()["NO_PROXY"] == "index.example,wheels.example"


def test_the_login_of_an_authentication_configuration_is_used(
    manager: QgsNetworkAccessManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Application:
        @staticmethod
        def authManager() -> object:
            return Application()

        def updateNetworkProxy(self, proxy: QNetworkProxy, config: str) -> tuple[bool, QNetworkProxy]:
            proxy.setUser(f"user of {config}")
            proxy.setPassword("p@ss")
            return True, proxy

    monkeypatch.setattr(module, "QgsApplication", Application)
    QgsSettings().setValue("proxy/authcfg", "abc1234")
    manager.setFallbackProxyAndExcludes(QNetworkProxy(QNetworkProxy.ProxyType.HttpProxy, "proxy.example", 80), [], [])
    try:
        assert proxy_variables()["HTTPS_PROXY"] == "http://user%20of%20abc1234:p%40ss@proxy.example:80"
    finally:
        QgsSettings().remove("proxy/authcfg")
