"""The plugin in other languages: the file per locale, the translated texts, and their removal."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from qgis.PyQt.QtCore import QCoreApplication
from qgis.PyQt.QtWidgets import QDialogButtonBox

from rsgpt_plugin.errors import QuestionError
from rsgpt_plugin.gui.ask_dialog import AskDialog
from rsgpt_plugin.processing.describeraster import DescribeRaster
from rsgpt_plugin.processing.provider import RsgptProvider
from rsgpt_plugin.services.machine.translator import Translator
from rsgpt_plugin.shared.answers.questions import parse_questions
from rsgpt_plugin.shared.i18n import marked

ROOT = Path(__file__).resolve().parents[4]
PLACES = "%n place(s): {answered} answered, {skipped} skipped, {failed} failed. "
PLACES += "Prompts: {asked} sent to the model, {cached} answered from the cache."


@pytest.fixture(scope="session", autouse=True)
def built() -> None:
    """Build the .qm files."""
    subprocess.run([ROOT / "i18n" / "translate", "build"], check=True)


@pytest.fixture
def speak() -> Iterator[Callable[[str], Translator]]:
    """Install translations for one test."""
    installed: list[Translator] = []

    def install(locale: str) -> Translator:
        installed.append(Translator(locale))
        installed[-1].install()
        return installed[-1]

    yield install
    for language in installed:
        language.remove()


@pytest.mark.parametrize("locale", ["zh-Hans", "zh_Hans", "zh_CN", "zh_SG", "zh"])
def test_chinese_locales_get_the_chinese_translation(speak: Callable[[str], Translator], locale: str) -> None:
    speak(locale)
    assert DescribeRaster().displayName() == "描述栅格"


@pytest.mark.parametrize("locale", ["en_US", "en", "C", "fr", "zh-Hant", "zh_TW", "no such"])
def test_other_locales_get_english_with_plurals(speak: Callable[[str], Translator], locale: str) -> None:
    speak(locale)
    assert DescribeRaster().displayName() == "Describe raster"
    assert [DescribeRaster().tr(PLACES, "", n).split(":")[0] for n in (1, 2)] == ["1 place", "2 places"]


def test_every_kind_of_text_is_translated(speak: Callable[[str], Translator], qgis_new_project: None) -> None:
    speak("zh-Hans")
    assert AskDialog().windowTitle() == "询问此区域"
    assert RsgptProvider().longName() == "RSGPT：影像描述与问答"
    assert QCoreApplication.translate("Rsgpt", "The model is ready.") == "模型已就绪。"
    assert marked("The model is ready.") == "模型已就绪。"
    assert DescribeRaster().tr(PLACES, "", 3).startswith("共 3 个位置")
    with pytest.raises(QuestionError, match="无法读取第 1 行的问题"):
        parse_questions("cars[nosuchtype]: How many?")


@pytest.mark.parametrize(("locale", "word"), [("zh-Hans", "取消"), ("zh_CN", "取消"), ("fr", "Cancel")])
def test_qt_texts_are_translated(tmp_path: Path, locale: str, word: str) -> None:
    message = "<message><source>Cancel</source><translation>取消</translation></message>"
    text = f'<TS version="2.1" language="zh_CN"><context><name>QPlatformTheme</name>{message}</context></TS>'
    (tmp_path / "qtbase_zh_CN.ts").write_text(text, "utf-8")
    build = f". {ROOT}/scripts/common.sh; compile_translations {tmp_path}"
    subprocess.run(["bash", "-c", build], check=True)
    language = Translator(locale, qt_folder=str(tmp_path))
    language.install()
    box = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
    language.remove()
    after = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
    assert [buttons.buttons()[0].text().replace("&", "") for buttons in (box, after)] == [word, "Cancel"]


def test_remove_restores_english(speak: Callable[[str], Translator]) -> None:
    speak("zh-Hans").remove()
    assert DescribeRaster().displayName() == "Describe raster"
    with pytest.raises(QuestionError, match="Question line 1"):
        parse_questions("cars[nosuchtype]: How many?")


def test_without_qm_files_texts_are_english(tmp_path: Path) -> None:
    language = Translator("zh-Hans", tmp_path)
    language.install()
    assert DescribeRaster().displayName() == "Describe raster"
    language.remove()
