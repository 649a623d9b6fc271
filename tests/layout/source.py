"""The Python files of the repository as syntax trees, for the layout tests."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ("__init__.py", "rsgpt_plugin/", "backend/")


@dataclass(frozen=True)
class Source:
    """One file. name: path from the root of the repository, with slashes."""

    name: str
    text: str
    tree: ast.Module

    @property
    def package(self) -> str:
        """The first folder below rsgpt_plugin/ or backend/rsgpt_backend/, such as `core`."""
        parts = self.name.split("/")
        start = 2 if parts[0] == "backend" else 1
        return parts[start] if len(parts) > start + 1 else parts[-1].removesuffix(".py")

    def imports(self) -> Iterator[tuple[int, str]]:
        """Yield the level and the module of each import; `from . import a` gives (1, "a")."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((0, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from self._imported_from(node)

    def _imported_from(self, node: ast.ImportFrom) -> Iterator[tuple[int, str]]:
        if node.module:
            yield node.level, node.module
        else:
            yield from ((node.level, alias.name) for alias in node.names)


@cache
def sources() -> tuple[Source, ...]:
    """Return all Python files that git tracks or would track."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.py"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    names = sorted(name for name in listed.split("\0") if name and (ROOT / name).exists())
    texts = {name: (ROOT / name).read_text("utf-8") for name in names}
    return tuple(Source(name, text, ast.parse(text, name)) for name, text in texts.items())


def shipped() -> list[Source]:
    """Return the files that reach users."""
    return [source for source in sources() if source.name.startswith(SHIPPED)]


def under(prefix: str) -> list[Source]:
    """Return the files whose path starts with `prefix`."""
    return [source for source in sources() if source.name.startswith(prefix)]


def script(path: str) -> Any:
    """Import and return a module outside packages by its path in the repository."""
    name = Path(path).stem
    specification = importlib.util.spec_from_file_location(name, ROOT / path)
    if specification is None or specification.loader is None:
        raise FileNotFoundError(path)
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module  # dataclasses look their module up here
    specification.loader.exec_module(module)
    return module
