"""Model folders by name: the shipped models, or any folder."""

from __future__ import annotations

from pathlib import Path

from ..errors import ModelError
from .config import CONFIG_FILE

DEFAULT_MODEL = "rsgpt-small"
_SHIPPED = Path(__file__).parents[1] / "weights"


def shipped_models() -> list[str]:
    """Return the names of the models that are shipped with the code, sorted."""
    return sorted(path.parent.name for path in _SHIPPED.glob(f"*/{CONFIG_FILE}"))


def is_shipped(name: str) -> bool:
    """Return whether a name, or the path of a folder, stands for a model that is shipped with the code."""
    return model_folder(name).resolve().parent == _SHIPPED.resolve()


def model_folder(name: str) -> Path:
    """Return the folder of a model, given its name or a path. Raises ModelError if there is no such model."""
    for folder in (_SHIPPED / name, Path(name)):
        if (folder / CONFIG_FILE).is_file():
            return folder
    installed = ", ".join(shipped_models()) or "none"
    raise ModelError(f"There is no model {name!r}. Installed: {installed}; or give the folder of a model.")
