"""From a model's name to somebody who answers, by the door that the user chose. Asks nothing itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Optional

from qgis.core import QgsFeedback

from ..errors import ModelError
from . import in_process
from .installed_models import ModelInfo, model_identity
from .local_model import LocalModel
from .model_client import ModelClient
from .model_identity import remember_fingerprint, remembered_fingerprint
from .model_slot import slot
from .preferences import BackendKind, Preferences, load
from .server.local_server import ServerSpec
from .server.remote_server import identified, server_gateway, server_model


def chosen_model(typed: str = "") -> ModelInfo:
    """The model of the chosen door, or the one that was typed; ModelError where there is none such.

    With a server chosen, what is typed is a name of that server's, unless it is a model of this machine.
    """
    chosen = load()
    if chosen.door is not BackendKind.SERVER:
        return model_identity(typed or chosen.model)
    if not typed or typed == chosen.server_model:
        return server_model(chosen)
    try:
        return model_identity(typed)
    except ModelError:
        return server_model(chosen, typed)


def known_model(model: ModelInfo, feedback: Optional[QgsFeedback] = None) -> ModelInfo:
    """The model with all that tells its answers apart; not on the main thread, since a server may be asked for it.

    A model of ours is loaded for that, unless it is as it was when it was loaded last.
    """
    chosen = load()
    if model.server:
        return identified(model, chosen, feedback)
    fingerprint = remembered_fingerprint(model, chosen)
    if not fingerprint:
        reported = open_backend(model).identity(feedback)
        remember_fingerprint(model, chosen, reported)
        fingerprint = reported.fingerprint
    return replace(model, fingerprint=fingerprint)


def open_backend(model: ModelInfo) -> ModelClient:
    """Return who answers for `model`; a model of ours is loaded by the first prompt or by `identity`.

    ServerError where another model of ours is in use: one at a time is in memory, whichever door it has.
    """
    chosen = load()
    if model.server:
        slot.end_idle()  # the door was changed: its memory goes back
        return server_gateway(chosen, model.name)
    if chosen.door is BackendKind.IN_PROCESS:
        return in_process.InProcessModel(model, chosen.device, chosen.threads, chosen.feature_mb)
    return LocalModel(launch(model, chosen), model.name)


def launch(model: ModelInfo, chosen: Preferences) -> ServerSpec:
    """Return how our own server is started for `model`, in the managed environment or with the user's Python."""
    python = chosen.python if chosen.door is BackendKind.PYTHON else ""
    how = (chosen.device, chosen.threads, chosen.feature_mb)
    return ServerSpec(model.folder or model.name, python, *how, revision=model.revision())


def close_doors() -> None:
    """End what answers: the server of this QGIS, or the model in its process."""
    slot.end()
