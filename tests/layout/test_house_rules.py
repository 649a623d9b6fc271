"""House rules that can be checked automatically: sizes, docstrings, and constructs that shipped code must not use."""

from __future__ import annotations

import ast
import configparser
import re
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from tests.layout.source import ROOT, Source, shipped, sources, under

MAX_FILE_LINES = 400
MAX_GUI_FILE_LINES = 250
MAX_FUNCTION_LINES = 60
MAX_FOLDER_FILES = 14
BROAD = {"Exception", "BaseException"}

Rule = Callable[[Source], Iterator[int]]


def breaches(found: list[Source], rule: Rule) -> list[str]:
    """Return `file:line` of each breach of a rule."""
    return [f"{source.name}:{line}" for source in found for line in rule(source)]


def functions(source: Source) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(source.tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node


def too_long_functions(source: Source) -> Iterator[int]:
    for node in functions(source):
        if (node.end_lineno or node.lineno) - node.lineno + 1 > MAX_FUNCTION_LINES:
            yield node.lineno


def asserts(source: Source) -> Iterator[int]:
    yield from (node.lineno for node in ast.walk(source.tree) if isinstance(node, ast.Assert))


def prints(source: Source) -> Iterator[int]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
            yield node.lineno


def broad_handlers(source: Source) -> Iterator[int]:
    """A broad handler needs a comment with the reason; it belongs only at the boundary of a thread or process."""
    lines = source.text.splitlines()
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.ExceptHandler) or not is_broad(node.type):
            continue
        if "#" not in "".join(lines[node.lineno - 1 : node.lineno + 1]):
            yield node.lineno


def is_broad(caught: ast.expr | None) -> bool:
    if isinstance(caught, ast.Tuple):
        return any(is_broad(element) for element in caught.elts)
    return caught is None or (isinstance(caught, ast.Name) and caught.id in BROAD)


def missing_annotations_import(source: Source) -> Iterator[int]:
    if any(functions(source)) and (0, "__future__") not in source.imports():
        yield 1


def missing_docstring(source: Source) -> Iterator[int]:
    """The module docstring starts with one sentence."""
    lines = (ast.get_docstring(source.tree) or "").splitlines()
    if source.text.strip() and not (lines and lines[0].endswith((".", ":"))):
        yield 1


def unfinished(source: Source) -> Iterator[int]:
    pattern = re.compile(r"\b(TODO|FIXME|XXX)\b|NotImplementedError")
    yield from (number for number, line in enumerate(source.text.splitlines(), 1) if pattern.search(line))


def banners(source: Source) -> Iterator[int]:
    pattern = re.compile(r"^\s*#\s*[-=#*]{4,}")
    yield from (number for number, line in enumerate(source.text.splitlines(), 1) if pattern.search(line))


def computed_translations(source: Source) -> Iterator[int]:
    """Translated texts are literals, because the tool that collects them does not evaluate expressions."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and is_translation(node.func):
            literals = node.args[: 2 if name_of(node.func) == "translate" else 1]  # context and text, before a number
            is_literal = literals and all(isinstance(text, ast.Constant) for text in literals)
            if not (is_literal or is_wrapper_call(source, node)):
                yield node.lineno


def is_translation(called: ast.expr) -> bool:
    return name_of(called) in ("tr", "translate") or (isinstance(called, ast.Name) and called.id == "mark")


def name_of(called: ast.expr) -> str:
    return called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")


def is_wrapper_call(source: Source, call: ast.Call) -> bool:
    """Whether the call is in a function `tr` or `marked` that passes on its own argument."""
    wrappers = [node for node in functions(source) if node.name in ("tr", "marked")]
    return any(call in list(ast.walk(wrapper)) for wrapper in wrappers)


def test_files_are_short() -> None:
    limits = {source.name: MAX_GUI_FILE_LINES if "/gui/" in source.name else MAX_FILE_LINES for source in sources()}
    long = [source.name for source in sources() if source.text.count("\n") > limits[source.name]]
    assert long == []


@pytest.mark.parametrize("rule", [too_long_functions, missing_annotations_import, missing_docstring, banners])
def test_every_file(rule: Rule) -> None:
    assert breaches(list(sources()), rule) == []


@pytest.mark.parametrize("rule", [asserts, prints, broad_handlers, unfinished])
def test_shipped_files(rule: Rule) -> None:
    assert breaches(shipped(), rule) == []


def test_folders_are_small() -> None:
    sizes = Counter(source.name.rpartition("/")[0] for source in shipped())
    assert {folder: size for folder, size in sizes.items() if size > MAX_FOLDER_FILES} == {}


def test_a_class_name_occurs_once() -> None:
    places: dict[str, list[str]] = {}
    for source in sources():
        for node in ast.walk(source.tree):
            if isinstance(node, ast.ClassDef):
                places.setdefault(node.name, []).append(f"{source.name}:{node.lineno}")
    assert {name: lines for name, lines in places.items() if len(lines) > 1} == {}


def test_translations_are_literal() -> None:
    assert breaches(under("rsgpt_plugin/"), computed_translations) == []


def test_every_rule_can_fail() -> None:
    text = (
        "# -----\nimport os\ndef f():\n    assert 1\n    print(1)\n    try:\n        pass  # TODO\n"
        "    except (OSError, Exception):\n        tr(f'{os}')\n" + "    x = 1\n" * 60
    )
    bad = Source("rsgpt_plugin/core/bad.py", text, ast.parse(text))
    rules = [too_long_functions, missing_annotations_import, missing_docstring, banners, asserts, prints]
    rules += [broad_handlers, unfinished, computed_translations]
    assert [rule.__name__ for rule in rules if not list(rule(bad))] == []


def test_metadata_and_changelog_have_the_same_version() -> None:
    changelog = ROOT / "CHANGELOG.md"
    metadata = configparser.ConfigParser(interpolation=None)
    metadata.read(ROOT / "metadata.txt", "utf-8")
    if changelog.exists():
        heads = re.findall(r"^## \[?(\d+\.\d+\.\d+)", changelog.read_text("utf-8"), re.MULTILINE)
        assert heads[:1] == [metadata["general"]["version"]]
