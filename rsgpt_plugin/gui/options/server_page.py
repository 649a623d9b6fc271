"""Settings of an existing model server: address, consent, API key, model, limits and a test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Optional

from qgis.gui import QgsAuthConfigSelect, QgsFilterLineEdit
from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QInputDialog,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QWidget,
)

from ...client.installed_models import ModelInfo
from ...client.preferences import Preferences
from ...client.server.api_keys import store_key
from ...client.server.endpoint import Endpoint
from ...client.server.remote_server import server_endpoint
from ...client.server.vision_check import Verdict
from ...errors import ServerError
from ...services.background_task import BackgroundTask
from ...services.machine.server_tasks import check_server, list_models
from ..widgets import text_label

_EXAMPLE = "http://127.0.0.1:8000/v1"


class ServerPage(QWidget):
    """Edits the server settings of preferences; the caller saves them. `changed` is emitted at each edit."""

    changed = pyqtSignal()

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self._preferences = Preferences()
        self._work: Optional[BackgroundTask] = None
        self._make_fields()
        self._make_buttons()
        self._lay_out()
        self._connect()
        self._update()

    def show(self, preferences: Optional[Preferences] = None) -> None:
        """Fill in the server settings of `preferences`; without an argument, show the widget as Qt does."""
        if preferences is None:
            super().show()
            return
        self._preferences = preferences
        self.address.setText(preferences.server_url)
        self.key.setConfigId(preferences.server_auth)
        self.model.setCurrentText(preferences.server_model)
        self.side.setValue(preferences.server_side)
        self.megabytes.setValue(preferences.server_mb)
        self._show_consent()
        self.outcome.clear()

    def updated(self, preferences: Preferences) -> Preferences:
        """Return `preferences` with the values of the widgets."""
        preferences = replace(
            preferences,
            server_url=self.address.text().strip(),
            server_auth=self.key.configId(),
            server_model=self.model.currentText().strip(),
            server_side=self.side.value(),
            server_mb=round(self.megabytes.value(), 1),
        )
        endpoint = self._endpoint()
        if endpoint is None or endpoint.is_loopback:
            return preferences
        others = tuple(origin for origin in preferences.allowed_hosts if origin != endpoint.origin)
        return replace(preferences, allowed_hosts=(*others, endpoint.origin) if self.consent.isChecked() else others)

    def is_complete(self) -> bool:
        """Return whether there is a valid address that requests may be sent to."""
        endpoint = self._endpoint()
        return endpoint is not None and (endpoint.is_loopback or self.consent.isChecked())

    def stop(self) -> None:
        """Cancel the request in progress."""
        if self._work is not None:
            self._work.cancel()

    def _make_fields(self) -> None:
        self.address = QgsFilterLineEdit()
        self.address.setPlaceholderText(_EXAMPLE)
        self.consent = QCheckBox()
        self.warning = text_label()
        self.key = QgsAuthConfigSelect()
        self.key.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.model = QComboBox()
        self.model.setEditable(True)
        self.model.lineEdit().setPlaceholderText(self.tr("the server's only model"))
        self.side = QSpinBox()
        self.side.setRange(0, 16_384)
        self.side.setSingleStep(128)
        self.side.setSuffix(self.tr(" px"))
        self.megabytes = QDoubleSpinBox()
        self.megabytes.setRange(0.0, 100.0)
        self.megabytes.setDecimals(1)
        self.megabytes.setSuffix(self.tr(" MB"))
        for field in (self.side, self.megabytes):
            field.setSpecialValueText(self.tr("no limit set"))
            field.setToolTip(
                self.tr("Larger pictures are sent smaller, as JPEG. Without a limit, the plugin detects it.")
            )
        self.outcome = text_label()

    def _make_buttons(self) -> None:
        self.new_key = QPushButton(self.tr("Store a key…"))
        self.new_key.setToolTip(self.tr("Store an API key, encrypted, in the QGIS authentication database."))
        self.load_models = QPushButton(self.tr("Load models"))
        self.test = QPushButton(self.tr("Test"))
        self.test.setToolTip(self.tr("Shows the model two drawn shapes and asks for their colors."))
        self.cancel = QPushButton(self.tr("Stop"))
        for button in (self.new_key, self.load_models, self.test, self.cancel):
            button.setAutoDefault(False)  # Enter in the address field must not click a button

    def _lay_out(self) -> None:
        layout = QFormLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        layout.addRow(self.tr("Address"), self.address)
        layout.addRow("", self.consent)
        layout.addRow("", self.warning)
        layout.addRow(self.tr("Key"), self.key)
        layout.addRow("", _row(self.new_key, None))
        layout.addRow(self.tr("Model"), _row(self.model, self.load_models))
        layout.addRow(self.tr("Maximum side of a picture"), self.side)
        layout.addRow(self.tr("Maximum file size of a picture"), self.megabytes)
        layout.addRow("", _row(self.test, self.cancel, None))
        layout.addRow("", self.outcome)
        sent = text_label(
            self.tr(
                "With each question, the server receives one picture and nothing else: no coordinates, "
                "no layer names and no file names."
            )
        )
        layout.addRow(self.tr("Data sent"), sent)

    def _connect(self) -> None:
        self.address.textChanged.connect(self._show_consent)
        self.address.textChanged.connect(self.model.clear)
        self.consent.toggled.connect(self._update)
        self.new_key.clicked.connect(lambda checked: self._store_key())
        self.load_models.clicked.connect(lambda checked: self._run(list_models(self._shown()), self._show_models))
        self.test.clicked.connect(lambda checked: self._run(check_server(self._shown()), self._show_verdict))
        self.cancel.clicked.connect(lambda checked: self.stop())
        self.model.editTextChanged.connect(lambda text: self.changed.emit())
        self.side.valueChanged.connect(lambda value: self.changed.emit())
        self.megabytes.valueChanged.connect(lambda value: self.changed.emit())
        self.key.selectedConfigIdChanged.connect(lambda config: self.changed.emit())

    def _shown(self) -> Preferences:
        return self.updated(self._preferences)

    def _endpoint(self) -> Optional[Endpoint]:
        try:
            return server_endpoint(replace(self._preferences, server_url=self.address.text()))
        except ServerError:
            return None

    def _show_consent(self) -> None:
        """Update the consent check box: consent applies to one host only."""
        endpoint = self._endpoint()
        origin = "" if endpoint is None or endpoint.is_loopback else endpoint.origin
        self.consent.setText(self.tr("Allow sending pictures and the key to {host}").format(host=origin))
        self.consent.setChecked(bool(origin) and origin in self._preferences.allowed_hosts)
        self.consent.setVisible(bool(origin))
        self.warning.setVisible(origin.startswith("http:"))
        self.warning.setText(self.tr("The connection is not encrypted: others on the network can read the data."))
        self._update()

    def _update(self) -> None:
        is_free = self._work is None
        for button in (self.load_models, self.test):
            button.setEnabled(is_free and self.is_complete())
        self.cancel.setVisible(not is_free)
        self.changed.emit()

    def _store_key(self) -> None:
        endpoint = self._endpoint()
        name = f"RSGPT: {endpoint.origin}" if endpoint is not None else "RSGPT"
        label = self.tr("The server's API key. QGIS stores it encrypted, under the name “{name}”.").format(name=name)
        hidden = QLineEdit.EchoMode.Password
        key, accepted = QInputDialog.getText(self, self.tr("Store a key"), label, hidden)
        if not accepted or not key.strip():
            return
        config_id = store_key(name, key)
        self.key.setConfigId(config_id)
        if not config_id:
            self._report(
                False, self.tr("QGIS could not store the key. Unlock the authentication database, then try again.")
            )

    def _run(self, work: BackgroundTask, show: Callable[..., None]) -> None:
        for signal, slot in ((work.done, show), (work.failed, self._show_failure), (work.stopped, self._show_failure)):
            signal.connect(slot)
            signal.connect(self._finish)
        self._work = work
        self._report(True, self.tr("Waiting for the server… Loading a model can take several minutes."))
        self._update()
        work.start()

    def _finish(self, *results: object) -> None:
        self._work = None
        self._update()

    def _show_failure(self, sentence: str = "", details: str = "") -> None:
        self._report(False, sentence or self.tr("Stopped."))

    def _show_models(self, models: list[ModelInfo]) -> None:
        name = self.model.currentText()
        self.model.clear()
        self.model.addItems([model.name for model in models])
        self.model.setCurrentText(name or (models[0].name if models else ""))
        message = self.tr("The server lists no models. Enter a model name.")
        if models:
            message = self.tr("The server has %n model(s).", "", len(models))
        self._report(bool(models), message)

    def _show_verdict(self, verdict: Verdict) -> None:
        self._report(verdict.fine, verdict.sentence)

    def _report(self, is_fine: bool, sentence: str) -> None:
        font = self.outcome.font()
        font.setBold(not is_fine)
        self.outcome.setFont(font)
        self.outcome.setText(sentence)


def _row(*widgets: Optional[QWidget]) -> QHBoxLayout:
    """Return widgets in a row, None for empty space. Without a final None, the first widget gets the free width."""
    row = QHBoxLayout()
    for column, widget in enumerate(widgets):
        if widget is None:
            row.addStretch()
        else:
            row.addWidget(widget, int(column == 0 and widgets[-1] is not None))
    return row
