"""Models by name: those shipped beside the code, and any folder. It opens no weights."""

from __future__ import annotations

from pathlib import Path

from ..errors import ModelError
from .config import CONFIG_FILE

DEFAULT_MODEL = "rsgpt-small"
_SHIPPED = Path(__file__).parents[1] / "weights"


def shipped_models() -> list[str]:
    """Names of the models that come with the code."""
    return sorted(path.parent.name for path in _SHIPPED.glob(f"*/{CONFIG_FILE}"))


def model_folder(name: str) -> Path:
    """Folder of a model, given its name or its folder."""
    for folder in (_SHIPPED / name, Path(name)):
        if (folder / CONFIG_FILE).is_file():
            return folder
    known = ", ".join(shipped_models()) or "none"
    raise ModelError(f"There is no model {name!r}. Installed: {known}; or give the folder of a model.")
