"""Options for captions and questions: prompt, area size, minimum confidence and answer language."""

from __future__ import annotations

from dataclasses import replace

from qgis.gui import QgsDoubleSpinBox
from qgis.PyQt.QtWidgets import QComboBox, QFormLayout, QGroupBox, QLineEdit

from ...client.preferences import Preferences
from ...services.asking.place import CLICK_PIXELS
from ...shared.answers.questions import CAPTION_PROMPT
from ..widgets import PercentBox, text_label

_LARGEST_M = 100_000.0
_LONGEST_PROMPT = 2000


class AskingGroup(QGroupBox):
    """The group “Captions and questions” of the options page."""

    def __init__(self) -> None:
        super().__init__()
        self.setTitle(self.tr("Captions and questions"))
        self.prompt = QLineEdit()
        self.prompt.setMaxLength(_LONGEST_PROMPT)
        self.prompt.setPlaceholderText(CAPTION_PROMPT)
        self.prompt.setToolTip(self.tr("The prompt that is sent to the model when you describe an area."))
        self.size = QgsDoubleSpinBox()
        self.size.setRange(0.0, _LARGEST_M)
        self.size.setDecimals(0)
        self.size.setSuffix(self.tr(" m"))
        self.size.setClearValue(0.0, self.tr("{count} pixels").format(count=CLICK_PIXELS))
        self.size.setToolTip(self.tr("Side length of the square around the clicked point."))
        self.minimum = PercentBox()
        self.minimum.setToolTip(self.tr("Less certain answers are hidden, but cached for later."))
        self.language = QComboBox()
        self.language.setEditable(True)
        self.language.addItem(self.tr("same as the question"), "")
        for name in ("Chinese", "English", "French", "German", "Japanese", "Portuguese", "Russian", "Spanish"):
            self.language.addItem(name, name)
        note = text_label(
            self.tr("A server is asked to answer in this language. The built-in model answers in English only.")
        )
        layout = QFormLayout(self)
        layout.addRow(self.tr("Caption prompt"), self.prompt)
        layout.addRow(self.tr("Area size around a click"), self.size)
        layout.addRow(self.tr("Minimum confidence"), self.minimum)
        layout.addRow(self.tr("Answer language"), self.language)
        layout.addRow("", note)

    def show_preferences(self, preferences: Preferences) -> None:
        """Fill in the widgets."""
        self.prompt.setText(preferences.prompt)
        self.size.setValue(preferences.click_size_m)
        self.minimum.show_share(preferences.least_confidence)
        index = self.language.findData(preferences.answer_language)
        self.language.setCurrentIndex(index)
        if index < 0:
            self.language.setEditText(preferences.answer_language)

    def updated(self, preferences: Preferences) -> Preferences:
        """Return `preferences` with the values of the widgets."""
        return replace(
            preferences,
            prompt=self.prompt.text().strip(),
            click_size_m=self.size.value(),
            least_confidence=self.minimum.share(),
            answer_language=self._language(),
        )

    def _language(self) -> str:
        text = self.language.currentText().strip()
        index = self.language.findText(text)
        return str(self.language.itemData(index)) if index >= 0 else text
