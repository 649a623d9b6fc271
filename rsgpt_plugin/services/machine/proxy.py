"""The proxy settings of QGIS as environment variables for installers."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from qgis.core import QgsApplication, QgsNetworkAccessManager, QgsSettings
from qgis.PyQt.QtNetwork import QNetworkProxy


def proxy_variables() -> dict[str, str]:
    """Return HTTP_PROXY, HTTPS_PROXY and NO_PROXY for QGIS's proxy; {} without a proxy. Call it on the main thread."""
    manager = QgsNetworkAccessManager.instance()
    proxy = _with_login(manager.fallbackProxy())
    kinds = {QNetworkProxy.ProxyType.HttpProxy: "http", QNetworkProxy.ProxyType.Socks5Proxy: "socks5"}
    scheme = kinds.get(proxy.type())
    if scheme is None or not proxy.hostName():
        return {}
    login = quote(proxy.user(), safe="")
    if login and proxy.password():
        login += ":" + quote(proxy.password(), safe="")
    address = f"{scheme}://{login + '@' if login else ''}{proxy.hostName()}:{proxy.port()}"
    variables = {"HTTP_PROXY": address, "HTTPS_PROXY": address}
    direct = [_host(url) for url in (*manager.excludeList(), *manager.noProxyList()) if url]
    return {**variables, "NO_PROXY": ",".join(direct)} if direct else variables


def _host(url: str) -> str:
    """Return the host of an entry in QGIS's list of excluded URLs, which can be part of a URL."""
    try:
        return urlsplit(url).hostname or url
    except ValueError:
        return url


def _with_login(proxy: QNetworkProxy) -> QNetworkProxy:
    """Return the proxy with the login of its authentication configuration if QGIS has not applied that yet."""
    config = str(QgsSettings().value("proxy/authcfg", ""))
    if config and proxy.hostName() and not proxy.user():
        result = QgsApplication.authManager().updateNetworkProxy(QNetworkProxy(proxy), config)
        return result[1] if isinstance(result, tuple) and result[0] else proxy
    return proxy
