"""From a model's name to somebody who answers, by the door that the user chose. Asks nothing itself."""

from __future__ import annotations

from typing import Optional

from qgis.core import QgsFeedback

from ..errors import ModelError
from . import in_process
from .asker import Asker
from .gateway import Gateway
from .local_server import Launch, shared_server, stop_shared_servers
from .models import ModelInfo, model_identity
from .preferences import Door, Preferences, load
from .remote import identified, server_gateway, server_model
from .transport import Limits

# Our own server ends itself when its model stands still. A large model on a slow machine may think for longer than
# any stranger would be waited for.
_OWN_LIMITS = Limits(first_byte_s=6 * 3600.0)


def chosen_model(typed: str = "") -> ModelInfo:
    """The model of the chosen door, or the one that was typed; ModelError where there is none such.

    With a server chosen, what is typed is a name of that server's, unless it is a model of this machine.
    """
    chosen = load()
    if chosen.door is not Door.SERVER:
        return model_identity(typed or chosen.model)
    if not typed or typed == chosen.server_model:
        return server_model(chosen)
    try:
        return model_identity(typed)
    except ModelError:
        return server_model(chosen, typed)


def known_model(model: ModelInfo, feedback: Optional[QgsFeedback] = None) -> ModelInfo:
    """The model with all that tells its answers apart; a server is asked for it, so not on the main thread."""
    return identified(model, load(), feedback) if model.server else model


def open_door(model: ModelInfo) -> Asker:
    """Return who answers for `model`; a server of ours starts with the first prompt and not before."""
    chosen = load()
    if model.server:
        return server_gateway(chosen, model.name)
    if chosen.door is Door.IN_PROCESS:
        return in_process.InProcess(model, chosen.device, chosen.threads, chosen.feature_mb)
    in_process.release()  # the door was changed: what it held goes back
    return Gateway(shared_server(launch(model, chosen)), model.name, _OWN_LIMITS)


def launch(model: ModelInfo, chosen: Preferences) -> Launch:
    """Return how our own server is started for `model`, in the managed environment or with the user's Python."""
    python = chosen.python if chosen.door is Door.PYTHON else ""
    return Launch(model.folder or model.name, python, chosen.device, chosen.threads, chosen.feature_mb)


def close_doors() -> None:
    """End what answers: servers of this QGIS and the model in its process."""
    in_process.release()
    stop_shared_servers()
