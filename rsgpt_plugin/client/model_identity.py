"""Fingerprints of local models, remembered in QGIS's settings so that a model need not be loaded to know its own."""

from __future__ import annotations

import hashlib

from qgis.core import QgsSettings

from ..core.paths import plugin_version
from ..errors import ServerError
from ..shared.i18n import translate
from .installed_models import ModelInfo
from .preferences import Preferences
from .server.protocol import Reply

_GROUP = "rsgpt/fingerprints"
# A lower precision is preferences by free memory, so the backend must report it each time.
_BEST_PRECISIONS = ("fp32", "bf16", "fp16")


def remembered_fingerprint(model: ModelInfo, preferences: Preferences) -> str:
    """Return the fingerprint reported for the unchanged model in its best precision, or "" if it is not known."""
    state, _, fingerprint = str(QgsSettings().value(_key(model), "")).partition(" ")
    return fingerprint if state and state == _state(model, preferences) else ""


def remember_fingerprint(model: ModelInfo, preferences: Preferences, reported: ModelInfo) -> None:
    """Store the reported fingerprint, if the model was loaded in its best precision."""
    state = _state(model, preferences)
    if state and reported.fingerprint and reported.precision in _BEST_PRECISIONS:
        QgsSettings().setValue(_key(model), f"{state} {reported.fingerprint}")


def check_fingerprint(model: ModelInfo, reply: Reply) -> None:
    """Raise ServerError if the reply has another fingerprint than the run started with."""
    if not model.fingerprint or reply.fingerprint in ("", model.fingerprint):
        return
    QgsSettings().remove(_key(model))
    raise ServerError(
        translate(
            "Rsgpt",
            "The model was loaded with other settings or another precision than before, so its answers may differ. "
            "Run again to use the current settings for all questions.",
        )
    )


def _key(model: ModelInfo) -> str:
    return f"{_GROUP}/{hashlib.sha256((model.folder or model.name).encode()).hexdigest()[:16]}"


def _state(model: ModelInfo, preferences: Preferences) -> str:
    """Return a hash of everything that the fingerprint depends on, or "" if model.json cannot be read."""
    revision = model.revision()
    parts = (plugin_version(), preferences.door.value, preferences.python, preferences.device, revision)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16] if revision else ""
