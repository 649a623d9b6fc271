"""Fixtures of the tests of both sides. Loading it imports neither QGIS nor the backend."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rsgpt_plugin.client.environment.environment import EnvironmentState, ManagedEnvironment
from rsgpt_plugin.client.server.local_server import LocalServer, stop_local_server

ROOT = Path(__file__).resolve().parents[1]
HOME = Path(os.environ.get("RSGPT_HOME") or ROOT / "build" / "home")


def pytest_configure() -> None:
    """Let processes that tests start be interrupted, also if the tests run in the background, which ignores SIGINT."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def backend_python() -> Path:
    """The Python interpreter of the managed environment that scripts/test creates."""
    environment = ManagedEnvironment(HOME)
    if environment.state() is not EnvironmentState.READY:
        pytest.fail(f"{environment.folder} {environment.state().value}; run the tests with scripts/test")
    return environment.python


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of shared data next to the repository."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip(f"{folder} does not exist; it contains data that is not in the repository")
    return folder


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A separate data folder per test. Servers are stopped at the end."""
    home = tmp_path / "home"
    monkeypatch.setenv("RSGPT_HOME", str(home))
    yield home
    stop_local_server()


@pytest.fixture
def fake_server(backend_python: Path, tmp_path: Path) -> Iterator[Callable[..., LocalServer]]:
    """Return a function that creates local servers with the fake engine. options: of serve_fake.py."""
    servers: list[LocalServer] = []

    def make(*options: str) -> LocalServer:
        program = str(ROOT / "tests" / "fakes" / "serve_fake.py")
        command = [str(backend_python), program, "--exit-with-stdin", *options]
        environment = ManagedEnvironment(HOME).backend_variables()
        servers.append(LocalServer(command, environment, tmp_path / f"server{len(servers)}.log"))
        return servers[-1]

    yield make
    for server in servers:
        server.stop()
