"""Qt 6 readiness of the code, checked with the real classes: scoped enums, no moved or removed names."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from enum import Enum
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CODE = [*sorted((ROOT / "rsgpt_plugin").rglob("*.py")), *sorted((ROOT / "tests" / "plugin").rglob("*.py"))]
# Modules of classes in qgis.PyQt that work with both versions.
HOME = {"QAction": "QtWidgets", "QActionGroup": "QtWidgets", "QShortcut": "QtWidgets"}
REMOVED = set(
    "exec_ print_ QRegExp QDesktopWidget QTextCodec QStringList QMatrix QGLWidget QSignalMapper "
    "globalPos globalX globalY localPos screenPos setTabStopWidth tabStopWidth setMargin "
    "qrand fromTime_t toTime_t setTime_t MidButton countryToString".split()
)


def breaches(text: str) -> Iterator[tuple[int, str]]:
    """Yield line and name of each expression that fails with Qt 6."""
    tree = ast.parse(text)
    imported = dict(_imported(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, alias.name) for alias in node.names if _is_moved(node.module or "", alias.name))
        elif isinstance(node, ast.Attribute):
            if node.attr in REMOVED:
                yield node.lineno, node.attr
            elif isinstance(node.value, ast.Name) and _is_unscoped(imported.get(node.value.id), node.attr):
                yield node.lineno, f"{node.value.id}.{node.attr}"


def _imported(tree: ast.Module) -> Iterator[tuple[str, object]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and not node.level and (node.module or "").startswith("qgis."):
            module = importlib.import_module(node.module or "")
            yield from ((alias.asname or alias.name, getattr(module, alias.name, None)) for alias in node.names)


def _is_moved(module: str, name: str) -> bool:
    package, _, part = module.rpartition(".")
    wrong = name in REMOVED or part != HOME.get(name, part)
    return module.startswith(("PyQt", "sip")) or (package == "qgis.PyQt" and wrong)


def _is_unscoped(owner: object, name: str) -> bool:
    """Return whether the name is an unscoped enum value of the class, or a type of QVariant."""
    if not isinstance(owner, type) or issubclass(owner, (Enum, int)):
        return False
    value = getattr(owner, name, None)
    is_value = isinstance(value, (Enum, int)) and not isinstance(value, bool) and name[:1].isupper()
    return is_value or (owner.__name__ == "QVariant" and name == "Type")


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_code_is_ready_for_qt_6(path: Path) -> None:
    assert list(breaches(path.read_text("utf-8"))) == []


@pytest.mark.parametrize(
    "text",
    [
        "from qgis.PyQt.QtCore import Qt\nQt.AlignLeft",
        "from qgis.PyQt.QtCore import QVariant\nQVariant.String",
        "from qgis.PyQt.QtCore import QVariant\nQVariant.Type.String",
        "from qgis.core import Qgis\nQgis.Info",
        "from qgis.core import QgsTask\nQgsTask.CanCancel",
        "from qgis.core import QgsMapLayer\nQgsMapLayer.VectorLayer",
        "from qgis.PyQt.QtWidgets import QDialog\nQDialog().exec_()",
        "\nfrom qgis.PyQt.QtGui import QAction",
        "\nfrom PyQt5.QtCore import Qt",
    ],
)
def test_breaches_finds_code_that_fails_with_qt_6(text: str) -> None:
    assert [line for line, _ in breaches(text)] == [2]


@pytest.mark.parametrize(
    "text",
    [
        "from qgis.PyQt.QtCore import Qt\nQt.AlignmentFlag.AlignLeft",
        "from qgis.PyQt.QtWidgets import QDialogButtonBox\nroles = QDialogButtonBox.StandardButton\nroles.Ok",
        "from qgis.core import QgsProcessing\nQgsProcessing.TEMPORARY_OUTPUT",
        "from qgis.core import QgsTask\nQgsTask.Flag.CanCancel",
        "from qgis.PyQt.QtWidgets import QAction, QShortcut",
    ],
)
def test_breaches_accepts_code_that_works_with_qt_6(text: str) -> None:
    assert list(breaches(text)) == []
