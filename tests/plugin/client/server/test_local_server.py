"""The local server process: start, restart, end, log lines in errors, and leases."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from rsgpt_plugin.client import model_slot
from rsgpt_plugin.client.model_slot import slot
from rsgpt_plugin.client.server import local_server
from rsgpt_plugin.client.server.local_server import LocalServer, ServerSpec, leased_server, stop_local_server
from rsgpt_plugin.errors import Cancelled, ServerError, SetupError

MakeServer = Callable[..., LocalServer]


def scripted(tmp_path: Path, program: str, patience_s: float = 5.0) -> LocalServer:
    """Return a server whose process runs `program`."""
    return LocalServer([sys.executable, "-c", textwrap.dedent(program)], {}, tmp_path / "log" / "s.log", patience_s)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def pid_of(server: LocalServer) -> int:
    assert server._process is not None
    return server._process.pid


def test_the_server_starts_once_for_many_threads(fake_server: MakeServer) -> None:
    server = fake_server()
    urls: list[str] = []
    threads = [threading.Thread(target=lambda: urls.append(server.endpoint().url)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(urls) == 8
    assert len(set(urls)) == 1


def test_stop_ends_the_process_and_the_next_use_starts_another(fake_server: MakeServer) -> None:
    server = fake_server()
    first = server.endpoint()
    pid = pid_of(server)
    server.stop()
    assert not is_running(pid)
    second = server.endpoint()
    assert second.api_key != first.api_key


def test_a_restart_happens_once_for_all_callers(fake_server: MakeServer) -> None:
    server = fake_server()
    failed = server.endpoint()
    assert not server.can_restart(silent=False)
    again = server.restart(failed)
    assert again != failed
    assert server.restart(failed) == again


def test_the_last_log_lines_are_in_the_error(tmp_path: Path) -> None:
    server = scripted(tmp_path, "import sys; sys.exit('the weights are gone')")
    with pytest.raises(ServerError, match=r"stopped while starting.*the weights are gone"):
        server.endpoint()
    assert "the weights are gone" in (tmp_path / "log" / "s.log").read_text("utf-8")
    server.stop()


def test_a_message_with_a_long_path_is_not_cut(tmp_path: Path) -> None:
    path = f"/home/{'folder/' * 60}model.json"
    sentence = f"{path} cannot be used (beams is 0, not from 1 to 64). Install the model again."
    server = scripted(tmp_path, f"import sys; sys.exit({sentence!r})")
    with pytest.raises(ServerError) as caught:
        server.endpoint()
    assert sentence in str(caught.value)
    server.stop()


def test_a_start_without_output_times_out(tmp_path: Path) -> None:
    server = scripted(tmp_path, "import time; time.sleep(60)", patience_s=0.5)
    with pytest.raises(ServerError, match="did not start"):
        server.endpoint()
    server.stop()


def test_a_slow_start_that_reports_progress_is_waited_for(tmp_path: Path) -> None:
    server = scripted(
        tmp_path,
        """
        import sys, time
        for step in range(8):
            print("loading", step, file=sys.stderr, flush=True)
            time.sleep(0.25)
        print('{"url": "http://127.0.0.1:1/v1", "api_key": "k", "pid": 1}', flush=True)
        time.sleep(60)
        """,
        patience_s=1.0,
    )
    assert server.endpoint().url == "http://127.0.0.1:1/v1"
    server.stop()


def test_a_start_can_be_cancelled(tmp_path: Path) -> None:
    server = scripted(tmp_path, "import time; time.sleep(60)")
    begin = time.monotonic()
    with pytest.raises(Cancelled):
        server.endpoint(lambda: time.monotonic() - begin > 0.3)
    assert time.monotonic() - begin < 2
    server.stop()


def test_an_invalid_first_line_raises_server_error(tmp_path: Path) -> None:
    server = scripted(tmp_path, "import time; print('hello', flush=True); time.sleep(60)")
    with pytest.raises(ServerError, match="did not report its address"):
        server.endpoint()
    server.stop()


def test_a_missing_program_raises_server_error(tmp_path: Path) -> None:
    with pytest.raises(ServerError, match="cannot be started"):
        LocalServer([str(tmp_path / "nothing")], {}, tmp_path / "s.log").endpoint()


def test_without_an_environment_the_advice_is_to_set_up() -> None:
    with pytest.raises(SetupError, match="is not set up"):
        use(ServerSpec("rsgpt-small"))


def test_the_server_does_not_outlive_a_killed_parent(backend_python: Path, tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[4]
    parent = f"""
        import sys, time
        from pathlib import Path
        sys.path.insert(0, {str(root)!r})
        from rsgpt_plugin.client.server.local_server import LocalServer
        program = {str(root / "tests" / "fakes" / "serve_fake.py")!r}
        command = [{str(backend_python)!r}, program, "--exit-with-stdin"]
        server = LocalServer(command, {{}}, Path({str(tmp_path)!r}) / "s.log")
        server.endpoint()
        print(server._process.pid, flush=True)
        time.sleep(60)
    """
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(parent)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    pid = int(process.stdout.readline())
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 5
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not is_running(pid)


@pytest.fixture
def servers(fake_server: MakeServer, monkeypatch: pytest.MonkeyPatch) -> list[tuple[ServerSpec, LocalServer]]:
    """The started servers in order; each one runs the scripted engine."""
    servers: list[tuple[ServerSpec, LocalServer]] = []

    def make(spec: ServerSpec) -> LocalServer:
        servers.append((spec, fake_server()))
        return servers[-1][1]

    monkeypatch.setattr(local_server, "_managed_server", make)
    return servers


def use(spec: ServerSpec) -> int:
    """Start and use the server of a model, and return its process id."""
    with leased_server(spec) as server:
        server.endpoint()
        return pid_of(server)


def test_a_model_that_is_used_again_keeps_its_server(servers: list[tuple[ServerSpec, LocalServer]]) -> None:
    assert use(ServerSpec("m")) == use(ServerSpec("m"))
    assert len(servers) == 1


@pytest.mark.parametrize(
    "specs",
    [
        [ServerSpec("a"), ServerSpec("b"), ServerSpec("c")],
        [ServerSpec("a"), ServerSpec("a", device="cpu", threads=2), ServerSpec("a", python="/usr/bin/python3")],
    ],
)
def test_only_the_server_of_the_last_model_runs(
    servers: list[tuple[ServerSpec, LocalServer]], specs: list[ServerSpec]
) -> None:
    pids = [use(spec) for spec in specs]
    assert [spec for spec, _ in servers] == specs
    assert [is_running(pid) for pid in pids] == [False, False, True]
    slot.end_idle()
    assert not is_running(pids[-1])


def test_another_model_is_refused_while_one_is_in_use(
    servers: list[tuple[ServerSpec, LocalServer]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_slot, "PATIENCE_S", 0.3)
    with leased_server(ServerSpec("/models/large")) as server:
        server.endpoint()
        pid = pid_of(server)
        with pytest.raises(ServerError, match="“large” is busy with another run"), leased_server(ServerSpec("b")):
            pass
        slot.end_idle()
        assert is_running(pid)
    assert use(ServerSpec("b"))
    assert not is_running(pid)


def test_a_switch_waits_for_a_lease_that_ends_soon(servers: list[tuple[ServerSpec, LocalServer]]) -> None:
    entered, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with leased_server(ServerSpec("a")):
            entered.set()
            leave.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    entered.wait(10)
    threading.Timer(0.5, leave.set).start()
    assert use(ServerSpec("b"))
    thread.join()
    assert [spec.model for spec, _ in servers] == ["a", "b"]


def test_the_wait_for_another_model_can_be_cancelled(servers: list[tuple[ServerSpec, LocalServer]]) -> None:
    with leased_server(ServerSpec("a")), pytest.raises(Cancelled), leased_server(ServerSpec("b"), lambda: True):
        pass


def test_other_settings_wait_until_a_model_is_idle(servers: list[tuple[ServerSpec, LocalServer]]) -> None:
    with leased_server(ServerSpec("a")) as first, leased_server(ServerSpec("a", threads=2)) as second:
        assert second is first
    with leased_server(ServerSpec("a", threads=2)) as third:
        assert third is not first


def test_a_server_restarted_during_a_lease_ends_with_the_lease(servers: list[tuple[ServerSpec, LocalServer]]) -> None:
    with leased_server(ServerSpec("a")) as server:
        server.endpoint()
        stop_local_server()
        server.endpoint()
        pid = pid_of(server)
        assert is_running(pid)
    assert not is_running(pid)


def test_arguments_contain_the_settings_of_the_spec() -> None:
    arguments = " ".join(ServerSpec("m", device="cuda:1", threads=3, feature_mb=50).arguments())
    assert "--model m --device cuda:1 --threads 3 --features 50" in arguments


def test_a_missing_python_raises_setup_error(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="does not exist.*Choose another"):
        use(ServerSpec("m", python=str(tmp_path / "python")))
