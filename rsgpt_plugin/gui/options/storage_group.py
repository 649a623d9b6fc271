"""Options for disk space: sizes and limits of stored data, clearing, repair and removal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Optional

from qgis.gui import QgsSpinBox
from qgis.PyQt.QtWidgets import QGridLayout, QGroupBox, QLabel, QPushButton

from ...client.preferences import Preferences
from ...core.paths import home
from ...services.background_task import BackgroundTask
from ...services.machine.storage import StoredKind, clear, measure_sizes
from ..widgets import is_confirmed, size_text, text_label

_MIN_MB, _MAX_MB = 10, 1_000_000


class StorageGroup(QGroupBox):
    """The group “Disk space” of the options page. Sizes are measured in the background."""

    def __init__(self, repair: Callable[[], None]) -> None:
        super().__init__()
        self.setTitle(self.tr("Disk space"))
        self._work: Optional[BackgroundTask] = None
        self.sizes = {kind: QLabel("…") for kind in StoredKind}
        self.clear = {
            StoredKind.PICTURES: QPushButton(self.tr("Clear…")),
            StoredKind.FEATURES: QPushButton(self.tr("Clear…")),
            StoredKind.SEARCH: QPushButton(self.tr("Clear…")),
            StoredKind.ANSWERS: QPushButton(self.tr("Clear…")),
            StoredKind.ENVIRONMENT: QPushButton(self.tr("Remove…")),
        }
        for kind, button in self.clear.items():
            button.clicked.connect(lambda checked, kind=kind: self._confirm(kind))
        self.repair = QPushButton(self.tr("Repair…"))
        self.repair.clicked.connect(lambda checked: repair())
        self.picture_limit = self._limit_box(_MIN_MB, Preferences.picture_mb)
        self.feature_limit = self._limit_box(0, Preferences.feature_mb)
        self.feature_limit.setSpecialValueText(self.tr("disabled"))
        self.problem = text_label()
        self.problem.hide()
        self._lay_out()

    def show_preferences(self, preferences: Preferences) -> None:
        """Fill in the limits and start measuring the sizes."""
        self.picture_limit.setValue(preferences.picture_mb)
        self.feature_limit.setValue(preferences.feature_mb)
        self.run(measure_sizes())

    def updated(self, preferences: Preferences) -> Preferences:
        """Return `preferences` with the values of the widgets."""
        return replace(preferences, picture_mb=self.picture_limit.value(), feature_mb=self.feature_limit.value())

    def run(self, work: BackgroundTask) -> None:
        """Run a task whose result is the sizes."""
        self._work = work
        self.problem.hide()
        self._enable(False)
        work.done.connect(self._show_sizes)
        work.failed.connect(self._show_problem)
        work.start()

    def _limit_box(self, minimum: int, default: int) -> QgsSpinBox:
        box = QgsSpinBox()
        box.setRange(minimum, _MAX_MB)
        box.setSuffix(self.tr(" MB"))
        box.setClearValue(default)
        box.setToolTip(self.tr("When the limit is reached, the least recently used pictures are deleted first."))
        return box

    def _lay_out(self) -> None:
        layout = QGridLayout(self)
        rows = (
            (self.tr("Pictures shown to the model"), StoredKind.PICTURES, self.picture_limit),
            (self.tr("Encoded pictures (feature cache)"), StoredKind.FEATURES, self.feature_limit),
            (self.tr("Search index"), StoredKind.SEARCH, None),
            (self.tr("Answers (answer cache)"), StoredKind.ANSWERS, None),
            (self.tr("Model environment"), StoredKind.ENVIRONMENT, self.repair),
        )
        for row, (text, kind, extra) in enumerate(rows):
            layout.addWidget(text_label(text), row, 0)
            layout.addWidget(self.sizes[kind], row, 1)
            if extra is not None:
                layout.addWidget(extra, row, 2)
            layout.addWidget(self.clear[kind], row, 3)
        layout.setColumnStretch(0, 1)
        layout.addWidget(self.problem, len(rows), 0, 1, 4)
        folder = text_label(self.tr("Folder: {folder}").format(folder=home()), selectable=True)
        layout.addWidget(folder, len(rows) + 1, 0, 1, 4)

    def _confirm(self, kind: StoredKind) -> None:
        sentence = {
            StoredKind.PICTURES: self.tr(
                "Delete all pictures? Tables and map tips will then show answers without pictures."
            ),
            StoredKind.FEATURES: self.tr(
                "Delete all encoded pictures? The next question about each picture will take slightly longer."
            ),
            StoredKind.SEARCH: self.tr(
                "Delete the search index? The next search will create it again, and take longer."
            ),
            StoredKind.ANSWERS: self.tr(
                "Delete all cached answers? Answers in layers are kept. Questions that you ask again are "
                "computed again."
            ),
            StoredKind.ENVIRONMENT: self.tr(
                "Remove the model environment? It must be set up again before the next question."
            ),
        }[kind]
        if is_confirmed(sentence, self):
            self.run(clear(kind))

    def _show_sizes(self, measured: dict[StoredKind, int]) -> None:
        self._work = None
        for kind, size in measured.items():
            self.sizes[kind].setText(size_text(size))
        self._enable(True)

    def _show_problem(self, sentence: str, details: str) -> None:
        self._work = None
        self.problem.setText(sentence)
        self.problem.show()
        self._enable(True)

    def _enable(self, is_free: bool) -> None:
        for button in self.clear.values():
            button.setEnabled(is_free)
