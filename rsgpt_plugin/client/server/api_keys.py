"""Server keys in QGIS's authentication database. No key is stored elsewhere or appears in a message."""

from __future__ import annotations

from qgis.core import QgsApplication, QgsAuthMethodConfig
from qgis.PyQt.QtNetwork import QNetworkRequest

from ...errors import ServerError
from ...shared.i18n import translate

_HEADERS = "APIHeader"
_AUTHORIZATION = "Authorization"


def sign(request: QNetworkRequest, auth: str) -> None:
    """Add the credentials of the authentication configuration `auth` to `request`.

    A Basic configuration without a user name holds a bearer key as its password. Raises ServerError if QGIS does not
    return the configuration. May ask the user for the master password, from any thread.
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
        message = translate("Rsgpt", "QGIS could not use the key “{name}”. Choose another one in the options.")
        raise ServerError(message.format(name=config.name()))


def store_key(name: str, key: str) -> str:
    """Store a bearer key under `name`. Return the id of its configuration, or "" if QGIS could not store it."""
    config = QgsAuthMethodConfig()
    config.setName(name)
    config.setMethod(_HEADERS)
    config.setConfig(_AUTHORIZATION, f"Bearer {key.strip()}")
    is_stored, config = QgsApplication.authManager().storeAuthenticationConfig(config)
    return str(config.id()) if is_stored else ""
