"""The set-up as a task: progress, success, failure and cancel, each told once and in words."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from qgis.core import QgsApplication, QgsNetworkAccessManager
from qgis.PyQt.QtCore import QCoreApplication
from qgis.PyQt.QtNetwork import QNetworkProxy

from rsgpt_plugin.errors import Cancelled, SetupError
from rsgpt_plugin.services import set_up
from rsgpt_plugin.services.set_up import SetUpTask, is_ready, proxy_variables

Make = Callable[..., None]


class ScriptedEnvironment:
    """An environment whose making is `script`."""

    script: Make

    def __init__(self, home: Path, variables: dict[str, str]) -> None:
        self.home = home

    def make(self, say: Callable[[str], None], is_cancelled: Callable[[], bool]) -> None:
        type(self).script(say, is_cancelled)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, qgis_app: object) -> Callable[..., tuple[list[str], list[tuple[bool, str]]]]:
    """Run a set-up whose work is a function, as a task; return what it said and how it ended."""
    monkeypatch.setattr(set_up, "ManagedEnvironment", ScriptedEnvironment)

    def run(script: Make, cancel_after_s: float = 60.0) -> tuple[list[str], list[tuple[bool, str]]]:
        monkeypatch.setattr(ScriptedEnvironment, "script", staticmethod(script), raising=False)
        said: list[str] = []
        ended: list[tuple[bool, str]] = []
        task = SetUpTask()
        task.said.connect(said.append)
        task.ended.connect(lambda is_made, sentence: ended.append((is_made, sentence)))
        QgsApplication.taskManager().addTask(task)
        begin = time.monotonic()
        while not ended:
            assert time.monotonic() - begin < 10
            if time.monotonic() - begin > cancel_after_s:
                task.cancel()
            QCoreApplication.processEvents()
            time.sleep(0.01)
        return said, ended

    return run


def test_it_says_what_it_does_and_that_it_is_done(run: Callable[..., tuple[list[str], list[tuple[bool, str]]]]) -> None:
    def make(say: Callable[[str], None], is_cancelled: Callable[[], bool]) -> None:
        say("Downloading torch")
        say("Checked")

    assert run(make) == (["Downloading torch", "Checked"], [(True, "The model is ready.")])


@pytest.mark.parametrize(
    ("error", "words"),
    [(SetupError("The disk is full. Free 3 GB."), "The disk is full."), (PermissionError("no"), "could not write")],
)
def test_a_failure_is_a_sentence(
    run: Callable[..., tuple[list[str], list[tuple[bool, str]]]], error: Exception, words: str
) -> None:
    def make(say: Callable[[str], None], is_cancelled: Callable[[], bool]) -> None:
        raise error

    ((is_made, sentence),) = run(make)[1]
    assert not is_made
    assert words in sentence


def test_cancel_reaches_the_work(run: Callable[..., tuple[list[str], list[tuple[bool, str]]]]) -> None:
    def make(say: Callable[[str], None], is_cancelled: Callable[[], bool]) -> None:
        while not is_cancelled():
            time.sleep(0.01)
        raise Cancelled("Stopped.")

    ((is_made, sentence),) = run(make, cancel_after_s=0.3)[1]
    assert not is_made
    assert "was stopped" in sentence


def test_nothing_is_ready_in_an_empty_home() -> None:
    assert not is_ready()


@pytest.mark.parametrize(
    ("proxy", "address"),
    [
        (QNetworkProxy(QNetworkProxy.ProxyType.HttpProxy, "proxy.example", 3128), "http://proxy.example:3128"),
        (
            QNetworkProxy(QNetworkProxy.ProxyType.HttpProxy, "proxy.example", 3128, "jo", "p@ss"),
            "http://jo:p%40ss@proxy.example:3128",
        ),
        (QNetworkProxy(QNetworkProxy.ProxyType.Socks5Proxy, "proxy.example", 1080), "socks5://proxy.example:1080"),
    ],
)
def test_qgis_s_proxy_is_the_installer_s(qgis_app: object, proxy: QNetworkProxy, address: str) -> None:
    manager = QgsNetworkAccessManager.instance()
    manager.setFallbackProxyAndExcludes(proxy, [], [])
    try:
        assert proxy_variables() == {"HTTP_PROXY": address, "HTTPS_PROXY": address}
    finally:
        manager.setFallbackProxyAndExcludes(QNetworkProxy(QNetworkProxy.ProxyType.DefaultProxy), [], [])
    assert proxy_variables() == {}
