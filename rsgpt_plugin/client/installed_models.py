"""Models by name or folder, read from their descriptions. Starts no server, reads no weights."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from ..errors import ModelError
from ..shared.i18n import translate
from ..shared.text import one_line

DEFAULT_MODEL = "rsgpt-small"
BACKEND = Path(__file__).resolve().parents[2] / "backend"
WEIGHTS = BACKEND / "rsgpt_backend" / "weights"
_DESCRIPTION = "model.json"
_LARGEST_DESCRIPTION = 16_000_000  # bytes


@dataclass(frozen=True)
class ModelInfo:
    """A model's name and the SHA-256 of its weights in hexadecimal, empty where a server does not tell.

    folder: of one that is not shipped; a server calls it by the folder's name. server: the address of a server that
    somebody else runs; empty where this plugin runs the model. fingerprint: a hash of everything that decides the
    model's answers; precision: that it was loaded in; both empty as long as the model's backend has not reported them.
    """

    name: str
    weights_sha256: str = ""
    folder: str = ""
    server: str = ""
    fingerprint: str = ""
    precision: str = ""

    @property
    def mark(self) -> str:
        """What tells its answers apart from those of another model of the same name."""
        return self.fingerprint or self.weights_sha256 or self.server

    def revision(self) -> str:
        """Return a hash of the model's own file, for one that this plugin runs; empty where it cannot be read."""
        folder = Path(self.folder) if self.folder else WEIGHTS / self.name
        try:
            return hashlib.sha256((folder / _DESCRIPTION).read_bytes()).hexdigest()[:16]
        except OSError:
            return ""


def installed_models(folder: Path = WEIGHTS) -> list[ModelInfo]:
    """Return the shipped models, the default one first."""
    models = [_read(path) for path in sorted(folder.glob(f"*/{_DESCRIPTION}"))]
    return sorted(models, key=lambda model: (model.name != DEFAULT_MODEL, model.name))


def model_identity(name: str, folder: Path = WEIGHTS) -> ModelInfo:
    """Return the shipped model of that name, or the one in that folder; else ModelError with the names there are."""
    models = installed_models(folder)
    for model in models:
        if model.name == name:
            return model
    own = Path(name)
    if (own / _DESCRIPTION).is_file():
        return ModelInfo(own.resolve().name, _read(own / _DESCRIPTION).weights_sha256, str(own.resolve()))
    known = ", ".join(model.name for model in models) or "none"
    raise ModelError(
        translate(
            "Rsgpt", "There is no model named “{value}”. Choose one of these: {known}; or the folder of a model."
        ).format(value=name, known=known)
    )


def _read(path: Path) -> ModelInfo:
    try:
        if path.stat().st_size > _LARGEST_DESCRIPTION:
            raise ValueError(f"{path.stat().st_size} bytes")
        record = json.loads(path.read_text(encoding="utf-8"))
        return ModelInfo(one_line(str(record["name"])), one_line(str(record["weights_sha256"])))
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:  # a folder may hold anything
        raise ModelError(
            translate("Rsgpt", "{path} cannot be read ({error}). Install the plugin again.").format(
                path=path, error=error
            )
        ) from error
