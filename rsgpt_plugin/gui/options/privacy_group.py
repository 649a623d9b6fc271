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
        self.revoke = QPushButton(self.tr("Revoke"))
        layout = QVBoxLayout(self)
        for widget in (note, self.none, self.hosts, self.revoke):
            layout.addWidget(widget)
        self.hosts.currentRowChanged.connect(self._update)
        self.revoke.clicked.connect(self._revoke)

    def show_preferences(self, preferences: Preferences) -> None:
        """Fill in the widgets."""
        self._shown = set(preferences.allowed_hosts)
        self.hosts.clear()
        self.hosts.addItems(preferences.allowed_hosts)
        self._update()

    def updated(self, preferences: Preferences) -> Preferences:
        """Return `preferences` without the revoked hosts."""
        revoked = self._shown - {self.hosts.item(row).text() for row in range(self.hosts.count())}
        hosts = tuple(host for host in preferences.allowed_hosts if host not in revoked)
        return replace(preferences, allowed_hosts=hosts)

    def _revoke(self, checked: bool) -> None:
        self.hosts.takeItem(self.hosts.currentRow())
        self._update()

    def _update(self, row: int = -1) -> None:
        is_empty = not self.hosts.count()
        self.none.setVisible(is_empty)
        self.hosts.setVisible(not is_empty)
        self.revoke.setVisible(not is_empty)
        self.revoke.setEnabled(self.hosts.currentRow() >= 0)
