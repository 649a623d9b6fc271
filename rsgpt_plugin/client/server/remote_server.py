"""The external server from the preferences: its address, gateway and models."""

from __future__ import annotations

from dataclasses import replace
from typing import Optional

from qgis.core import QgsFeedback

from ...errors import Cancelled, ModelError, RsgptError, ServerError
from ...shared.i18n import translate
from ..installed_models import ModelInfo
from ..preferences import Preferences
from .downscaling import PictureLimit
from .endpoint import Endpoint, ForeignServer, read_address
from .gateway import Gateway
from .transport import Limits

ANSWERING = Limits(connect_s=5.0)  # the first byte may take minutes, because some servers load the model first
LISTING = Limits(first_byte_s=20.0, silence_s=20.0)


def server_endpoint(preferences: Preferences) -> Endpoint:
    """Return the endpoint of the server. Raises ServerError if its address is missing or invalid."""
    if not preferences.server_url.strip():
        raise ServerError(translate("Rsgpt", "No model server is set. Enter its address in the options of RSGPT."))
    return read_address(preferences.server_url, auth=preferences.server_auth)


def server_gateway(preferences: Preferences, model: str, limits: Limits = ANSWERING) -> Gateway:
    """Return a gateway to the server. Its requests raise ServerError if the host has not been allowed."""
    server = ForeignServer(server_endpoint(preferences), preferences.allowed_hosts)
    return Gateway(
        server, model, limits, PictureLimit(preferences.server_side, round(preferences.server_mb * 1_000_000))
    )


def server_model(preferences: Preferences, name: str = "") -> ModelInfo:
    """Return a model of the server: `name`, else the configured model, else an empty name for the server's only one."""
    return ModelInfo(name or preferences.server_model, server=server_endpoint(preferences).url)


def identify_model(model: ModelInfo, preferences: Preferences, feedback: Optional[QgsFeedback] = None) -> ModelInfo:
    """Return the model as the server lists it, with its fingerprint and weights hash if the server reports them.

    A named model is returned unchanged if the server cannot list its models: many servers hide the list, and cached
    answers need no server. Raises RsgptError if the model has no name and the list does not determine one.
    """
    try:
        listed = server_gateway(preferences, "", LISTING).models(feedback)
    except Cancelled:
        raise
    except RsgptError:
        if model.name:
            return model
        raise
    if not model.name and len(listed) != 1:
        names = ", ".join(entry.name for entry in listed[:10]) or translate("Rsgpt", "none")
        message = translate("Rsgpt", "Choose a model of the server in the options of RSGPT. Available: {names}.")
        raise ModelError(message.format(names=names))
    name = model.name or listed[0].name
    entry = next((entry for entry in listed if entry.name == name), ModelInfo(name))
    return replace(entry, server=model.server)
