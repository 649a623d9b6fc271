"""The fingerprint that a model's answers are kept under, known without loading the model where that is possible."""

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
# Less than the best precision depends on the memory that is free, so it has to be asked for each time.
_BEST = ("fp32", "bf16", "fp16")


def remembered_fingerprint(model: ModelInfo, chosen: Preferences) -> str:
    """What the backend reported for this model as it is now, if it then had the best precision; else empty."""
    state, _, fingerprint = str(QgsSettings().value(_key(model), "")).partition(" ")
    return fingerprint if state and state == _state(model, chosen) else ""


def remember_fingerprint(model: ModelInfo, chosen: Preferences, reported: ModelInfo) -> None:
    """Keep what the backend reported."""
    state = _state(model, chosen)
    if state and reported.fingerprint and reported.precision in _BEST:
        QgsSettings().setValue(_key(model), f"{state} {reported.fingerprint}")


def check_fingerprint(model: ModelInfo, reply: Reply) -> None:
    """Raise ServerError for an answer that came of other settings than those the run began with."""
    if not model.fingerprint or reply.fingerprint in ("", model.fingerprint):
        return
    QgsSettings().remove(_key(model))
    raise ServerError(
        translate(
            "Rsgpt",
            "The model was loaded with other settings or another precision than before, so its answers may differ. "
            "Run again: everything is then asked with the present settings.",
        )
    )


def _key(model: ModelInfo) -> str:
    return f"{_GROUP}/{hashlib.sha256((model.folder or model.name).encode()).hexdigest()[:16]}"


def _state(model: ModelInfo, chosen: Preferences) -> str:
    """A hash of what the fingerprint follows from; empty where the model's file cannot be read."""
    revision = model.revision()
    parts = (plugin_version(), chosen.door.value, chosen.python, chosen.device, revision)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16] if revision else ""
