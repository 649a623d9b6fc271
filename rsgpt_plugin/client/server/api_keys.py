"""Keys of servers in QGIS's authentication database. Keeps none elsewhere, and puts none into a message."""

from __future__ import annotations

from qgis.core import QgsApplication, QgsAuthMethodConfig
from qgis.PyQt.QtNetwork import QNetworkRequest

from ...errors import ServerError
from ...shared.i18n import translate

_HEADERS = "APIHeader"
_AUTHORIZATION = "Authorization"


def sign(request: QNetworkRequest, auth: str) -> None:
    """Add what the configuration `auth` holds. A Basic one without a user name holds a key as its password.

    ServerError where QGIS does not hand it out. May ask the user for the master password, from any thread.
    """
    manager = QgsApplication.authManager()
    config = QgsAuthMethodConfig()
    if auth not in manager.configIds() or not manager.loadAuthenticationConfig(auth, config, True):
        raise ServerError(
            translate(
                "Rsgpt",
                "The key cannot be read from QGIS's authentication database. Unlock it with its master password, or "
                "choose the key again in the options.",
            )
        )
    if config.method() == "Basic" and not config.config("username"):
        request.setRawHeader(_AUTHORIZATION.encode(), b"Bearer " + config.config("password").strip().encode("utf-8"))
        return
    signed, _ = manager.updateNetworkRequest(request, auth)
    if not signed:
        said = translate("Rsgpt", "QGIS could not use the key “{name}”. Choose another one in the options.")
        raise ServerError(said.format(name=config.name()))


def store_key(name: str, key: str) -> str:
    """Keep a bearer key under `name`; the id of its configuration, empty where QGIS did not keep it."""
    config = QgsAuthMethodConfig()
    config.setName(name)
    config.setMethod(_HEADERS)
    config.setConfig(_AUTHORIZATION, f"Bearer {key.strip()}")
    kept, config = QgsApplication.authManager().storeAuthenticationConfig(config)
    return str(config.id()) if kept else ""
