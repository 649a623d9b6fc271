"""A server that the user named: who it is and what it serves. Asks it no questions about pictures."""

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

ANSWERING = Limits(connect_s=5.0)  # the first byte may take minutes: servers load a model when it is asked
LISTING = Limits(first_byte_s=20.0, silence_s=20.0)


def chosen_endpoint(chosen: Preferences) -> Endpoint:
    """Where the user's server listens. ServerError where there is no address yet, or none that makes sense."""
    if not chosen.server_url.strip():
        raise ServerError(translate("Rsgpt", "No model server is set. Enter its address in the options of RSGPT."))
    return read_address(chosen.server_url, auth=chosen.server_auth)


def server_gateway(chosen: Preferences, model: str, limits: Limits = ANSWERING) -> Gateway:
    """The way to the user's server. Sends nothing yet; refuses to where the host has not been allowed."""
    server = ForeignServer(chosen_endpoint(chosen), chosen.allowed_hosts)
    return Gateway(server, model, limits, PictureLimit(chosen.server_side, round(chosen.server_mb * 1_000_000)))


def server_model(chosen: Preferences, name: str = "") -> ModelInfo:
    """The model of the user's server, by the name that was typed, chosen, or neither: then the server decides."""
    return ModelInfo(name or chosen.server_model, server=chosen_endpoint(chosen).url)


def identified(model: ModelInfo, chosen: Preferences, feedback: Optional[QgsFeedback] = None) -> ModelInfo:
    """The model as the server lists it, with its fingerprint and the hash of its weights where it reports them.

    A server that lists nothing is taken by its word: many hide the list, and what is remembered needs no server.
    """
    try:
        listed = server_gateway(chosen, "", LISTING).models(feedback)
    except Cancelled:
        raise
    except RsgptError:
        if model.name:
            return model
        raise
    if not model.name and len(listed) != 1:
        names = ", ".join(one.name for one in listed[:10]) or translate("Rsgpt", "none")
        said = translate("Rsgpt", "Choose a model of the server in the options of RSGPT. It lists: {names}.")
        raise ModelError(said.format(names=names))
    name = model.name or listed[0].name
    found = next((one for one in listed if one.name == name), ModelInfo(name))
    return replace(found, server=model.server)
