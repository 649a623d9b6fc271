"""Which models this package ships, read from their descriptions. Starts no server, reads no weights."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from ..errors import ModelError

DEFAULT_MODEL = "rsgpt-small"
BACKEND = Path(__file__).resolve().parents[2] / "backend"
WEIGHTS = BACKEND / "rsgpt_backend" / "weights"


@dataclass(frozen=True)
class ModelInfo:
    """A model's name and the SHA-256 of its weights in hexadecimal, empty where a server does not tell."""

    name: str
    weights_sha256: str = ""


def installed_models(folder: Path = WEIGHTS) -> list[ModelInfo]:
    """Return the shipped models, the default one first."""
    models = [_read(path) for path in sorted(folder.glob("*/model.json"))]
    return sorted(models, key=lambda model: (model.name != DEFAULT_MODEL, model.name))


def model_identity(name: str, folder: Path = WEIGHTS) -> ModelInfo:
    """Return the shipped model of that name; an unknown name raises ModelError with the names there are."""
    models = installed_models(folder)
    for model in models:
        if model.name == name:
            return model
    known = ", ".join(model.name for model in models) or "none"
    raise ModelError(f"There is no model named “{name}”. Choose one of these: {known}.")


def _read(path: Path) -> ModelInfo:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        return ModelInfo(str(record["name"]), str(record["weights_sha256"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{path} cannot be read ({error}). Install the plugin again.") from error
