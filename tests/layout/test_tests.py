"""Tests mirror the source tree: each module has a test file of its name, or is in a list that may only shrink."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.layout.source import ROOT, sources, under

# Modules without a test file of their name, because other tests cover them. Do not add modules.
WITHOUT = ROOT / "tests" / "layout" / "modules_without_tests.txt"
LIMIT = 22
TABLE, APP = "tests/reliability/access.py", "tests/backend/server/test_app.py"
MIRRORS = {
    "rsgpt_plugin/shared/": "tests/shared/",
    "rsgpt_plugin/": "tests/plugin/",
    "backend/rsgpt_backend/": "tests/backend/",
}


def mirror_of(module: str) -> str:
    """Return the path of the test file for the path of a module."""
    for folder, tests in MIRRORS.items():
        if module.startswith(folder):
            path = Path(tests, module.removeprefix(folder))
            return path.with_name(f"test_{path.name}").as_posix()
    return ""


def lines(prefix: str) -> int:
    return sum(source.text.count("\n") for source in under(prefix))


def test_modules_have_a_test_file_of_their_name() -> None:
    names = {source.name for source in sources()}
    modules = [name for name in names if mirror_of(name) and Path(name).stem not in ("__init__", "__main__")]
    listed = WITHOUT.read_text("utf-8").split()
    assert sorted(name for name in modules if mirror_of(name) not in names) == listed
    assert len(listed) <= LIMIT


def test_core_and_geo_have_as_many_lines_of_tests_as_of_code() -> None:
    ratios = {name: lines(f"tests/plugin/{name}/") / lines(f"rsgpt_plugin/{name}/") for name in ("core", "geo")}
    assert {name: ratio for name, ratio in ratios.items() if ratio < 1.0} == {}


def test_the_reliability_table_runs_tests_that_exist() -> None:
    table, app = (source for name in (TABLE, APP) for source in sources() if source.name == name)
    defined = {node.name for node in ast.walk(app.tree) if isinstance(node, ast.FunctionDef)}
    constants = (node.value for node in ast.walk(table.tree) if isinstance(node, ast.Constant))
    run = {text for text in constants if isinstance(text, str) and text.startswith("test_")}
    assert run
    assert run - defined == set()
