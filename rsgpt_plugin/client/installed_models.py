"""Local models by name or folder, read from their model.json without loading the weights."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Optional

from ..core.paths import BACKEND
from ..errors import ModelError
from ..shared.answers.model_limits import BUILT_IN, ModelLimits, limits_of
from ..shared.i18n import translate
from ..shared.model_abilities import ClassifierInfo, FinderInfo, classifier_info, described_finder
from ..shared.rasters.ellipsoid import stated_resolution
from ..shared.text import one_line

DEFAULT_MODEL = BUILT_IN
WEIGHTS = BACKEND / "rsgpt_backend" / "weights"
_DESCRIPTION = "model.json"
_LARGEST_DESCRIPTION = 16_000_000  # bytes


@dataclass(frozen=True)
class ModelInfo:
    """A model's name and the hexadecimal SHA-256 of its weights, empty if a server does not report it.

    folder: folder of a model that is not shipped; servers use the folder's name as the model's name. server: address
    of an external server; empty if this plugin runs the model. fingerprint: hash of everything that determines the
    answers. precision: number format of the loaded weights. Both are empty until the backend reports them.
    reads_gsd: whether the answers depend on the ground resolution, and the server accepts it in a request. finder,
    classifier: None if it has none. embeds: whether it has vectors for pictures and texts, which a search compares.
    """

    name: str
    weights_sha256: str = ""
    folder: str = ""
    server: str = ""
    fingerprint: str = ""
    precision: str = ""
    reads_gsd: bool = False
    finder: Optional[FinderInfo] = None
    classifier: Optional[ClassifierInfo] = None
    embeds: bool = False

    @property
    def mark(self) -> str:
        """The value that separates its answers from those of another model of the same name."""
        return self.fingerprint or self.weights_sha256 or self.server

    @property
    def limits(self) -> Optional[ModelLimits]:
        """The known limits of a shipped model; None for other models and servers."""
        return None if self.server or self.folder else limits_of(self.name)

    def sent_gsd(self, gsd_m: Optional[float]) -> Optional[float]:
        """Return the ground resolution to send with a picture, None to send none: other servers may refuse the field.

        gsd_m: meters per pixel of the picture, None or 0 if unknown.
        """
        return stated_resolution(gsd_m) if self.reads_gsd or not self.server else None

    def revision(self) -> str:
        """Return a hash of the local model's model.json, or "" if it cannot be read."""
        folder = Path(self.folder) if self.folder else WEIGHTS / self.name
        try:
            return hashlib.sha256((folder / _DESCRIPTION).read_bytes()).hexdigest()[:16]
        except OSError:
            return ""


def installed_models(folder: Path = WEIGHTS) -> list[ModelInfo]:
    """Return the shipped models, the default model first. Raises ModelError if a description cannot be read."""
    models = [_read(path) for path in sorted(folder.glob(f"*/{_DESCRIPTION}"))]
    return sorted(models, key=lambda model: (model.name != DEFAULT_MODEL, model.name))


def model_identity(name: str, folder: Path = WEIGHTS) -> ModelInfo:
    """Return the shipped model of this name, or the model in this folder. Raises ModelError if there is none."""
    models = installed_models(folder)
    for model in models:
        if model.name == name:
            return model
    own = Path(name)
    if (own / _DESCRIPTION).is_file():
        return replace(_read(own / _DESCRIPTION), name=own.resolve().name, folder=str(own.resolve()))
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
        name, weights_sha256 = (one_line(str(record[key])) for key in ("name", "weights_sha256"))
        return ModelInfo(
            name,
            weights_sha256,
            reads_gsd=_reads_gsd(record),
            finder=described_finder(record),
            classifier=classifier_info(record.get("classifier")),
            embeds=bool(record.get("matching_width")),
        )
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:  # users choose the folder
        raise ModelError(
            translate("Rsgpt", "{path} cannot be read ({error}). Install the plugin again.").format(
                path=path, error=error
            )
        ) from error


def _reads_gsd(record: dict[str, Any]) -> bool:
    """Whether answers depend on the ground resolution, as ModelConfig.reads_gsd of the backend."""
    vision = record.get("vision")
    return record.get("finder") is not None or (isinstance(vision, dict) and vision.get("ground_resolution") is True)
