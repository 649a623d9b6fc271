"""Start, output and end of a server."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.backend.server.conftest import Launch
from tests.backend.server.harness import COMPLETIONS, FAKE, RunningServer, data_uri, encode, png, question, receive


def test_stdout_is_one_line_with_url_key_and_pid(launch: Launch) -> None:
    server = launch("--reply", "x")
    assert set(server.announcement) == {"url", "api_key", "pid"}
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/v1", server.announcement["url"])
    assert server.announcement["pid"] == server.process.pid
    assert server.first_line.endswith("}\n")
    assert server.ask().text == "x"
    assert server.finish() == (0, "", "")


def test_output_of_the_engine_goes_to_stderr() -> None:
    program = (
        "import sys; sys.path[:0] = sys.argv[1:];"
        "from rsgpt_backend.server.launch import ServerLaunch, serve;"
        "from tests.fakes.fake_engine import FakeEngine, Script;"
        "load = lambda: (print('loud', flush=True), FakeEngine(Script()))[1];"
        "sys.exit(serve(ServerLaunch('rsgpt-small', load, exit_with_stdin=True)))"
    )
    root = FAKE.parents[2]
    command = [sys.executable, "-c", program, str(root), str(root / "backend")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["pid"] == process.pid
        time.sleep(0.3)
        assert process.communicate(timeout=10) == ("", "loud\n")


def test_connections_are_accepted_after_the_first_line(launch: Launch) -> None:
    for _ in range(3):
        server = launch()
        with socket.create_connection(("127.0.0.1", server.port), 1):
            pass


def test_the_server_ends_at_the_end_of_stdin(launch: Launch) -> None:
    server = launch("--script", '{"load_delay": 30}')
    start = time.monotonic()
    assert server.finish() == (0, "", "")
    assert time.monotonic() - start < 5


def test_the_server_ends_at_the_end_of_stdin_during_an_answer(launch: Launch) -> None:
    server = launch("--delay", "30")
    connection = server.connect()
    connection.request("POST", COMPLETIONS, encode(question()), server.headers())
    time.sleep(0.2)
    start = time.monotonic()
    assert server.finish() == (0, "", "")
    assert time.monotonic() - start < 5
    assert connection.getresponse().status == 503
    connection.close()


def test_without_the_option_the_end_of_stdin_is_ignored() -> None:
    command = [sys.executable, str(FAKE)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        announcement = json.loads(process.stdout.readline())
        time.sleep(0.3)
        with socket.create_connection(("127.0.0.1", int(announcement["url"].split(":")[2].split("/")[0])), 1):
            pass
        process.terminate()
        assert process.wait(5) == -signal.SIGTERM


def test_an_interrupt_ends_without_a_traceback(launch: Launch) -> None:
    server = launch()
    assert server.call("GET", "/health").status == 200
    server.process.send_signal(signal.SIGINT)
    server.process.wait(5)
    assert server.finish() == (130, "", "")


def test_health_reports_loading_and_questions_wait(launch: Launch) -> None:
    server = launch("--script", '{"load_delay": 0.6}')
    health = server.call("GET", "/health").record
    assert health == {"status": "loading", "protocol_version": 1, "model": "rsgpt-small", "fingerprint": ""}
    assert server.ask(number=3).text == "picture 3"
    health = server.call("GET", "/health").record
    assert (health["status"], health["fingerprint"]) == ("ok", "f" * 16)


def test_the_list_of_models_waits_for_the_model(launch: Launch) -> None:
    server = launch("--script", '{"load_delay": 0.4}', "--model", "rsgpt-7b")
    entry = server.call("GET", "/v1/models").record["data"][0]
    assert (entry["id"], entry["weights_sha256"], entry["protocol_version"]) == ("rsgpt-7b", "f" * 64, 1)


def test_a_loading_failure_ends_the_server_with_its_message(launch: Launch) -> None:
    reason = "There is no model of that name; choose rsgpt-small."
    server = launch("--script", json.dumps({"load_delay": 0.4, "load_error": reason}))
    start = time.monotonic()
    assert server.ask().status == 503
    code, out, err = server.finish()
    assert (code, out, err) == (1, "", f"{reason}\n")
    assert time.monotonic() - start < 5


def test_a_used_port_is_reported(served: RunningServer) -> None:
    command = [sys.executable, str(FAKE), "--port", str(served.port)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith(f"Port {served.port} cannot be used")
    assert ended.stderr.count("\n") == 1


def test_a_port_can_be_chosen(launch: Launch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    assert launch("--port", str(port)).port == port


def test_each_launch_has_its_own_key(launch: Launch) -> None:
    assert launch().key != launch().key


def test_the_key_is_not_in_arguments_or_environment(served: RunningServer) -> None:
    process = Path(f"/proc/{served.process.pid}")
    assert served.key.encode() not in (process / "cmdline").read_bytes()
    assert served.key.encode() not in (process / "environ").read_bytes()


def test_the_log_contains_no_key_prompt_or_picture(launch: Launch) -> None:
    server = launch("--script", json.dumps({"faults": {"secret": "memory"}}))
    server.ask("secret prompt")
    server.ask("secret prompt", stream=True)
    server.call("POST", COMPLETIONS, b'{"secret prompt": ')
    server.call("GET", "/v1/secret%0aprompt", headers={})
    server.raw(b"secret prompt\r\n\r\n")
    _, _, err = server.finish()
    assert "MemoryError" in err
    assert "secret prompt" not in err
    assert server.key not in err
    assert data_uri(png())[30:60] not in err


def test_no_process_or_socket_remains(launch: Launch, tmp_path: Path) -> None:
    server = launch()
    server.ask()
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text()
    assert children == ""
    server.finish()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port), 1)


def test_a_server_that_is_suspended_in_mid_answer_continues(launch: Launch) -> None:
    server = launch("--delay", "1", "--stall", "1.5")
    connection = server.connect()
    connection.request("POST", COMPLETIONS, encode(question()), server.headers())
    time.sleep(0.3)
    server.process.send_signal(signal.SIGSTOP)
    time.sleep(3)
    server.process.send_signal(signal.SIGCONT)
    assert receive(connection).text == "picture 7"
    connection.close()
    assert server.finish() == (0, "", "")


def test_a_given_key_is_used(launch: Launch) -> None:
    key = "my-own-key-0123456789"
    server = launch("--api-key", key)
    assert server.key == key
    assert server.ask().status == 200
    assert server.call("GET", "/health", headers={"authorization": "Bearer another-key-0123456789"}).status == 401
