"""The server page: settings, consent, requests to a server and their results."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from qgis.core import QgsApplication
from qgis.PyQt.QtCore import Qt, QTimer
from qgis.PyQt.QtTest import QTest

from rsgpt_plugin.client.preferences import Preferences
from rsgpt_plugin.gui.options.server_page import ServerPage
from tests.plugin.client.conftest import rogue  # noqa: F401 - a fixture
from tests.plugin.client.server.rogue_servers import Rogue, completion, send
from tests.plugin.waiting import wait_until

FAR = "https://models.example:8443/v1"
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def page(qgis_app: Any) -> Iterator[ServerPage]:
    page = ServerPage()
    page.show()
    yield page
    page.stop()
    page.close()


def test_shown_preferences_are_returned_unchanged(page: ServerPage) -> None:
    hosts = ("https://models.example:8443", "http://b:1")
    shown = Preferences(server_url=FAR, server_model="qwen-vl", server_side=1024, server_mb=2.5, allowed_hosts=hosts)
    page.show(shown)
    back = page.updated(shown)
    assert set(back.allowed_hosts) == set(hosts)
    assert (back.server_url, back.server_model, back.server_side, back.server_mb) == (FAR, "qwen-vl", 1024, 2.5)


def test_consent_belongs_to_one_host(page: ServerPage) -> None:
    page.show(Preferences())
    QTest.keyClicks(page.address, FAR)
    assert "https://models.example:8443" in page.consent.text()
    assert not page.consent.isChecked()
    assert not page.test.isEnabled()
    assert page.updated(Preferences()).allowed_hosts == ()
    page.consent.click()
    assert page.test.isEnabled()
    assert page.updated(Preferences()).allowed_hosts == ("https://models.example:8443",)
    page.address.setText("https://other.example/v1")
    assert not page.consent.isChecked()
    assert page.updated(Preferences()).allowed_hosts == ()


def test_consent_can_be_revoked(page: ServerPage) -> None:
    allowed = Preferences(server_url=FAR, allowed_hosts=("https://models.example:8443",))
    page.show(allowed)
    page.consent.click()
    assert page.updated(allowed).allowed_hosts == ()


@pytest.mark.parametrize(
    ("address", "asks", "warns"),
    [
        ("http://127.0.0.1:8000", False, False),
        ("http://10.0.0.1:8000", True, True),
        (FAR, True, False),
        ("nonsense", False, False),
    ],
)
def test_only_other_machines_need_consent(page: ServerPage, address: str, asks: bool, warns: bool) -> None:
    page.address.setText(address)
    assert page.consent.isVisible() is asks
    assert page.warning.isVisible() is warns


def test_models_are_loaded_and_free_text_is_kept(page: ServerPage, rogue: Callable[..., Rogue]) -> None:  # noqa: F811
    script = rogue(send(200, b'{"data": [{"id": "llava"}, {"id": "qwen-vl"}]}'))
    page.address.setText(script.url)
    page.model.setCurrentText("my own")
    QTest.mouseClick(page.load_models, LEFT)
    wait_until(page.load_models.isEnabled, 10.0)
    assert [page.model.itemText(row) for row in range(page.model.count())] == ["llava", "qwen-vl"]
    assert page.model.currentText() == "my own"
    assert script.paths == ["/v1/models"]


def test_the_verdict_of_a_test_is_shown_as_plain_text(page: ServerPage, rogue: Callable[..., Rogue]) -> None:  # noqa: F811
    page.address.setText(rogue(send(200, completion("<b>green</b>", "<i>m</i>"))).url)
    page.model.setCurrentText("m")
    QTest.mouseClick(page.test, LEFT)
    wait_until(page.test.isEnabled, 10.0)
    assert "<i>m</i> answers, but does not seem to see pictures" in page.outcome.text()
    assert page.outcome.textFormat() == Qt.TextFormat.PlainText


def test_a_request_to_a_silent_server_can_be_stopped_without_blocking_the_window(
    page: ServerPage,
    rogue: Callable[..., Rogue],  # noqa: F811
) -> None:
    ticks: list[float] = []
    timer = QTimer()
    timer.timeout.connect(lambda: ticks.append(time.monotonic()))
    timer.start(50)
    page.address.setText(rogue(lambda handler: time.sleep(3)).url)
    QTest.mouseClick(page.test, LEFT)
    wait_until(lambda: len(ticks) > 10, 10.0)
    assert page.cancel.isVisible()
    QTest.mouseClick(page.cancel, LEFT)
    wait_until(page.test.isEnabled, 2.0)
    assert page.outcome.text() == "Stopped."
    assert not page.cancel.isVisible()
    assert QgsApplication.taskManager().countActiveTasks() == 0


@pytest.mark.parametrize("typed", ["http://[2001:db8::7]:8000/v1", "https://[abc]/v1", "http://ex ample/v1", "[]]::@%"])
def test_any_text_can_be_typed_key_by_key(page: ServerPage, typed: str) -> None:
    raised: list[type[BaseException]] = []
    hook, sys.excepthook = sys.excepthook, lambda kind, error, trace: raised.append(kind)
    try:
        QTest.keyClicks(page.address, typed)
    finally:
        sys.excepthook = hook
    assert page.address.text() == typed
    assert raised == []
