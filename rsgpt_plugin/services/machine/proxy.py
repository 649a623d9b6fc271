"""QGIS's proxy, its login and its exceptions, as the variables that installers read. Opens no connection."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from qgis.core import QgsApplication, QgsNetworkAccessManager, QgsSettings
from qgis.PyQt.QtNetwork import QNetworkProxy


def proxy_variables() -> dict[str, str]:
    """Return QGIS's proxy as HTTP_PROXY and its like; nothing where there is none. Call it on the main thread."""
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
    """The host of what QGIS's options list as reached without the proxy: an address, or part of one."""
    try:
        return urlsplit(url).hostname or url
    except ValueError:
        return url


def _with_login(proxy: QNetworkProxy) -> QNetworkProxy:
    """The proxy with the login of its authentication configuration, where QGIS has not put it in yet."""
    config = str(QgsSettings().value("proxy/authcfg", ""))
    if config and proxy.hostName() and not proxy.user():
        found = QgsApplication.authManager().updateNetworkProxy(QNetworkProxy(proxy), config)
        return found[1] if isinstance(found, tuple) and found[0] else proxy
    return proxy
