"""All texts that users see can be translated, and the shipped translations are complete."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.layout.source import Source, script, under
from tests.layout.test_house_rules import breaches, name_of

SHOWN = frozenset(
    "setText setToolTip setWindowTitle setPlaceholderText setTitle setSubTitle setStatusTip setWhatsThis setLabelText "
    "setSpecialValueText setSuffix setPrefix setInformativeText setDetailedText setButtonText setHeaderLabels setHtml "
    "setHorizontalHeaderLabels setDescription setPlainText setMarkdown setTabText setItemText addAction addMenu addRow "
    "addTab addItem addItems addSection insertItem createMessage pushMessage pushInfo pushWarning pushSuccess "
    "pushCritical showMessage information warning question critical about getText getItem getInt getOpenFileName "
    "getSaveFileName getExistingDirectory setProgressText reportError "
    "QAction QLabel QPushButton QToolButton QCheckBox QRadioButton QGroupBox QgsCollapsibleGroupBox QMenu QDockWidget "
    "text_label QgsDockWidget QCommandLinkButton QTableWidgetItem QTreeWidgetItem QListWidgetItem QStandardItem".split()
)
# Not translated.
SAME = {"RSGPT", "km", "px", "MB", "GB", "kB", "GPU", "CPU", "html", "br", "auto", "cpu", "cuda", "mps"}
NO_WORDS = re.compile(r"https?://\S+|^[\w-]+\.\w{2,4}$")  # an address, a file name
ERRORS = re.compile(r"(Setup|Server|Model|Imagery|Question|Output|Rsgpt)Error|Cancelled")


def untranslated(source: Source) -> Iterator[int]:
    """Yield the lines of untranslated texts in widgets and errors."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call):
            name = name_of(node.func)
            text = _first_text(node.args) if name in SHOWN or ERRORS.fullmatch(name) else None
            if text is not None:
                yield text.lineno


def _first_text(arguments: list[ast.expr]) -> ast.expr | None:
    """Return the first text argument if it contains words; data may follow a translated text."""
    for argument in arguments:
        texts = list(_texts(argument))
        if texts or _is_translated(argument):
            words = {word for text in texts for word in re.findall(r"[^\W\d_]{2,}", NO_WORDS.sub("", text))}
            return argument if words - SAME else None
    return None


def _texts(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, (ast.JoinedStr, ast.BinOp, ast.IfExp, ast.List, ast.Tuple)):
        for child in ast.iter_child_nodes(node):
            yield from _texts(child)
    elif isinstance(node, ast.Call) and name_of(node.func) in ("format", "join", "strip"):
        yield from _texts(node.func.value if isinstance(node.func, ast.Attribute) else node)


def _is_translated(node: ast.AST) -> bool:
    return any(
        isinstance(call, ast.Call) and name_of(call.func) in ("tr", "translate", "marked") for call in ast.walk(node)
    )


def parsed(text: str) -> Source:
    return Source("rsgpt_plugin/gui/some.py", text, ast.parse(text))


@pytest.fixture(scope="module")
def translations() -> Any:
    return script("i18n/translations.py")


def test_what_is_shown_can_be_translated() -> None:
    assert breaches(under("rsgpt_plugin/"), untranslated) == []


@pytest.mark.parametrize(
    "text",
    [
        "label.setText('Hello')",
        "label.setText(f'{n} rows')",
        "QAction(icon, 'Ask', self)",
        "label.setText('Hello {a}'.format(a=1))",
        "box.addItem('Yes', True)",
        "label.setText('Yes' if x else 'No')",
        "raise ServerError('The server is gone.')",
        "raise ServerError(f'{url} is not an address.')",
    ],
)
def test_untranslated_texts_are_found(text: str) -> None:
    assert list(untranslated(parsed(text))) == [1]


@pytest.mark.parametrize(
    "text",
    [
        "label.setText(self.tr('Hello'))",
        "box.addItem(self.tr('Yes'), 'yes')",
        "label.setText(self.tr('{n} rows').format(n=1))",
        "spin.setSuffix(' %')",
        "label.setText('RSGPT')",
        "edit.setPlaceholderText('http://127.0.0.1:8000/v1')",
        "box.addItems(['auto', 'cpu', 'cuda:0'])",
        "label.setText(text)",
        "label.setText('<b>' + text + '</b>')",
        "settings.setValue('rsgpt/door', 'managed')",
        "raise ServerError(str(error))",
    ],
)
def test_translated_texts_and_data_are_allowed(text: str) -> None:
    assert list(untranslated(parsed(text))) == []


def test_all_languages_are_up_to_date(translations: Any) -> None:
    assert set(translations.languages()) >= set(translations.COMPLETE)
    assert [problem for language in translations.languages() for problem in translations.problems(language)] == []


@pytest.fixture
def code(translations: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with some messages, in a folder for translations."""
    path = tmp_path / "messages.py"
    path.write_text(
        "class Base:\n  def f(self): self.tr('Base says {this}.')\n"
        "class Own(Base):\n  pass\n"
        "class Algorithm:\n  def tr(self, text): return translate('Rsgpt', text)\n"
        "class Describe(Algorithm):\n  def f(self): self.tr('Describe')\n"
        "def g(n): return translate('Rsgpt', '%n row(s)', '', n)\n"
        "TABLE = (mark('Marked'),)\n"
    )
    everything = translations.messages
    monkeypatch.setattr(translations, "I18N", tmp_path)
    monkeypatch.setattr(translations, "messages", lambda: everything(tmp_path))
    return path


def test_messages_have_the_context_that_qt_looks_in(translations: Any, code: Path) -> None:
    assert {(m.context, m.source, m.plural) for m in translations.messages()} == {
        ("Base", "Base says {this}.", False),
        ("Own", "Base says {this}.", False),
        ("Rsgpt", "Describe", False),
        ("Rsgpt", "%n row(s)", True),
        ("Rsgpt", "Marked", False),
    }


def test_an_update_keeps_what_is_translated(translations: Any, code: Path) -> None:
    translations.update("zh_Hans")
    assert len(list(translations.problems("zh_Hans"))) == 5
    translations.fill(
        "zh_Hans", {"Base says {this}.": "说 {this}。", "Describe": "描述", "%n row(s)": "%n 行", "Marked": "标记"}
    )
    assert list(translations.problems("zh_Hans")) == []
    code.write_text(code.read_text().replace("class Own", "class Other").replace("'Describe'", "'Depict'"))
    assert len(list(translations.problems("zh_Hans"))) == 4
    translations.update("zh_Hans")
    assert [message.source for message in translations.missing("zh_Hans")] == ["Depict"]


def test_english_plurals_are_generated(translations: Any, code: Path) -> None:
    translations.update("en")
    assert list(translations.read("en").values()) == [["%n row", "%n rows"]]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("说。", "placeholders differ"),
        ("说 {那}。", "placeholders differ"),
        ("说 {this}", "the ends differ"),
        ("说 {this}. ", "spaces at the ends differ"),
    ],
)
def test_a_broken_translation_is_found(translations: Any, code: Path, text: str, problem: str) -> None:
    translations.update("zh_Hans")
    translations.fill(
        "zh_Hans", {"Base says {this}.": text, "Describe": "描述", "%n row(s)": "%n 行", "Marked": "标记"}
    )
    found = list(translations.problems("zh_Hans"))
    assert [problem in each for each in found] == [True, True]  # Base and Own
