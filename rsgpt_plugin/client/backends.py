"""Choose the model and open the backend that the user configured."""

from __future__ import annotations

from dataclasses import replace
from typing import Optional

from qgis.core import QgsFeedback

from ..core import paths
from ..errors import ModelError
from . import in_process
from .environment.environment import SENTENCES, EnvironmentState, ManagedEnvironment
from .installed_models import ModelInfo, model_identity
from .local_model import LocalModel
from .model_client import ModelClient
from .model_identity import remember_fingerprint, remembered_fingerprint
from .model_slot import slot
from .preferences import BackendKind, Preferences, load
from .server.local_server import ServerSpec
from .server.remote_server import identify_model, server_gateway, server_model


def chosen_model(typed: str = "") -> ModelInfo:
    """Return the model that the user typed, or the configured one. Raises ModelError if there is no such model.

    With a server configured, a typed name is a model of that server unless a local model has this name.
    """
    preferences = load()
    if preferences.door is not BackendKind.SERVER:
        return model_identity(typed or preferences.model)
    if not typed or typed == preferences.server_model:
        return server_model(preferences)
    try:
        return model_identity(typed)
    except ModelError:
        return server_model(preferences, typed)


def identified_model(model: ModelInfo, feedback: Optional[QgsFeedback] = None) -> ModelInfo:
    """Return the model with its fingerprint. Do not call on the main thread: it may contact a server.

    A local model is loaded for this unless its fingerprint is still known from the last time.
    """
    preferences = load()
    if model.server:
        return identify_model(model, preferences, feedback)
    fingerprint = remembered_fingerprint(model, preferences)
    if not fingerprint:
        reported = open_backend(model).identity(feedback)
        remember_fingerprint(model, preferences, reported)
        fingerprint = reported.fingerprint
    return replace(model, fingerprint=fingerprint)


def open_backend(model: ModelInfo) -> ModelClient:
    """Return a client for `model`. A local model is loaded by the first prompt or by `identity`.

    Raises ServerError if another local model is in use: only one is in memory at a time, for all backends together.
    """
    preferences = load()
    if model.server:
        slot.end_idle()  # the backend was changed: free the local model
        return server_gateway(preferences, model.name)
    if preferences.door is BackendKind.IN_PROCESS:
        return in_process.InProcessModel(model, preferences.device, preferences.threads, preferences.feature_mb)
    return LocalModel(server_spec(model, preferences), model.name)


def lacks_sentence_model() -> bool:
    """Return whether the managed environment is in use and lacks the sentence model, which can be installed in it.

    Reads a few small files.
    """
    environment = ManagedEnvironment(paths.home())
    return load().door is BackendKind.MANAGED and environment.state([SENTENCES]) is not EnvironmentState.READY


def must_start() -> bool:
    """Return whether the next question to the configured model has to start it, which takes a moment."""
    return load().door is not BackendKind.SERVER and not slot.is_filled


def server_spec(model: ModelInfo, preferences: Preferences) -> ServerSpec:
    """Return how to start the local server for `model`, with the managed environment or the user's Python."""
    python = preferences.python if preferences.door is BackendKind.PYTHON else ""
    options = (preferences.device, preferences.threads, preferences.feature_mb)
    return ServerSpec(model.folder or model.name, python, *options, revision=model.revision())


def close_backends() -> None:
    """Stop the local server, or unload the model inside QGIS."""
    slot.end()
