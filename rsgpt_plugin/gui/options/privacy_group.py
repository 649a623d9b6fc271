"""Options for privacy: the hosts that pictures may be sent to."""

from __future__ import annotations

from dataclasses import replace

from qgis.PyQt.QtWidgets import QGroupBox, QLabel, QListWidget, QPushButton, QVBoxLayout

from ...client.preferences import Preferences
from ..widgets import text_label

_ROWS = 4


class PrivacyGroup(QGroupBox):
    """The group “Privacy” of the options page. Permission is granted on the server page and can be revoked here."""

    def __init__(self) -> None:
        super().__init__()
        self._shown: set[str] = set()
        self.setTitle(self.tr("Privacy"))
        note = text_label(
            self.tr(
                "A model on this machine sends nothing to other computers. You have allowed the plugin "
                "to send pictures of your maps and your questions to these servers:"
            )
        )
        self.none = QLabel(self.tr("none"))
        self.hosts = QListWidget()
        self.hosts.setMaximumHeight(_ROWS * self.fontMetrics().lineSpacing() + 12)
        self.remove = QPushButton(self.tr("Revoke"))
        layout = QVBoxLayout(self)
        for widget in (note, self.none, self.hosts, self.remove):
            layout.addWidget(widget)
        self.hosts.currentRowChanged.connect(self._update)
        self.remove.clicked.connect(self._take_back)

    def show_preferences(self, chosen: Preferences) -> None:
        """Fill in the widgets."""
        self._shown = set(chosen.allowed_hosts)
        self.hosts.clear()
        self.hosts.addItems(chosen.allowed_hosts)
        self._update()

    def chosen(self, preferences: Preferences) -> Preferences:
        """Return `preferences` without the revoked hosts."""
        taken_back = self._shown - {self.hosts.item(row).text() for row in range(self.hosts.count())}
        kept = tuple(host for host in preferences.allowed_hosts if host not in taken_back)
        return replace(preferences, allowed_hosts=kept)

    def _take_back(self, checked: bool) -> None:
        self.hosts.takeItem(self.hosts.currentRow())
        self._update()

    def _update(self, row: int = -1) -> None:
        is_empty = not self.hosts.count()
        self.none.setVisible(is_empty)
        self.hosts.setVisible(not is_empty)
        self.remove.setVisible(not is_empty)
        self.remove.setEnabled(self.hosts.currentRow() >= 0)
