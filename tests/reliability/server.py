"""Stability of the server with invalid requests, damaged pictures and leaving clients. The engine is scripted."""

from __future__ import annotations

import http.client
import json
import random
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.backend.server.harness import COMPLETIONS, RunningServer, data_uri, encode, question, receive, with_url
from tests.backend.server.protocol.test_data_uri_images import BAD, GOOD
from tests.reliability.mutator import mutated
from tests.reliability.table import Measured, ReliabilityRow, TrialFolder

SLOWEST_S = 2.0
CANCEL_P99_S = 0.25
CORPUS = 150
MAX_GROWTH_MB = 200


@contextmanager
def serving(*arguments: str) -> Iterator[RunningServer]:
    server = RunningServer(*arguments)
    try:
        yield server
    finally:
        server.process.kill()
        server.process.communicate()


def memory_mb(pid: int, name: str = "VmRSS") -> float:
    """Return the resident memory of a process in MB; its peak if `name` is VmHWM."""
    lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    return next(float(line.split()[1]) / 1024 for line in lines if line.startswith(f"{name}:"))


def fuzz(trial: TrialFolder) -> Measured:
    """S1: each reply is 200 or an error in the documented format, in time, and the process survives."""
    count = trial.times(500, 20_000)
    statuses: Counter[int] = Counter()
    slowest, malformed = 0.0, 0
    with serving() as server:
        for _ in range(count):
            body, headers = mutated(trial.random)
            begin = time.monotonic()
            reply = server.call("POST", COMPLETIONS, body, {**server.headers(), **headers})
            slowest = max(slowest, time.monotonic() - begin)
            statuses[reply.status] += 1
            malformed += reply.status != 200 and not _is_error(reply.body)
        survives = server.process.poll() is None and server.ask(number=5).text == "picture 5"
    allowed = sum(number for status, number in statuses.items() if status == 200 or 400 <= status < 500)
    text = (
        f"{count} requests: {dict(sorted(statuses.items()))}; {count - allowed} outside 200 and 4xx, {malformed} in "
        f"another format, slowest {slowest:.2f} s; same process answers a valid request: {survives}"
    )
    return Measured(allowed == count and not malformed and slowest < SLOWEST_S and survives, text)


def _is_error(body: bytes) -> bool:
    try:
        return set(json.loads(body)["error"]) == {"message", "type", "code", "param"}
    except (ValueError, KeyError, TypeError):
        return False


def corpus(rng: random.Random) -> list[tuple[str, str, set[int]]]:
    """Return name, data URI and allowed statuses of CORPUS pictures, some truncated or with flipped bits."""
    good = [(name, data_uri(make(), kind), {200}) for name, (make, kind, _) in GOOD.items()]
    bad = [(name, make(), {status}) for name, (make, status) in BAD.items()]
    originals = [
        (name, make(), kind) for name, (make, kind, _) in GOOD.items() if name in ("grey", "JPEG", "transparent")
    ]
    cut = [
        (f"{name} cut at {part} %", data_uri(data[: len(data) * part // 100], kind), {200, 400})
        for name, data, kind in originals
        for part in range(0, 100, 5)
    ]
    flipped = []
    for number in range(CORPUS - len(good) - len(bad) - len(cut)):
        name, data, kind = rng.choice(originals)
        broken = bytearray(data)
        broken[rng.randrange(len(broken))] ^= rng.randrange(1, 256)
        flipped.append((f"{name} flipped {number}", data_uri(bytes(broken), kind), {200, 400, 413}))
    return [*good, *bad, *cut, *flipped]


def pictures(trial: TrialFolder) -> Measured:
    """S3: pictures get the expected status in limited time and memory, and the server opens no files for them."""
    opened = trial.folder / "opened"
    wrong, slowest = [], 0.0
    with serving("--audit", str(opened)) as server:
        cases = corpus(trial.random)
        for uri in (cases[0][1], next(make() for make, _ in BAD.values())):  # the first of each kind imports modules
            server.call("POST", COMPLETIONS, encode(with_url(uri)))
        opened.unlink(missing_ok=True)
        before = memory_mb(server.process.pid)
        for name, uri, allowed in cases:
            begin = time.monotonic()
            status = server.call("POST", COMPLETIONS, encode(with_url(uri))).status
            slowest = max(slowest, time.monotonic() - begin)
            wrong += [f"{name}: {status}"] if status not in allowed else []
        growth = memory_mb(server.process.pid, "VmHWM") - before
        survives = server.ask(number=5).text == "picture 5"
    touched = opened.read_text("utf-8").splitlines() if opened.exists() else []
    text = (
        f"{len(cases)} pictures, {len(wrong)} with a wrong status {wrong[:3]}; slowest {slowest:.2f} s, memory "
        f"+{growth:.0f} MB at its peak; files and connections opened: {len(touched)} {touched[:2]}"
    )
    return Measured(not wrong and slowest < 1 and growth < MAX_GROWTH_MB and not touched and survives, text)


SLOW = {"delays": {"encode": 60.0}, "replies": {"stream": "word " * 400}, "token_delay": 0.01}


def cancels(trial: TrialFolder) -> Measured:
    """S6: time until the next request is answered after a client has disconnected."""
    times = trial.times(10, 100)
    stages: dict[str, Callable[[RunningServer, random.Random], float]] = {
        "in the queue": lambda server, rng: in_the_queue(server, rng, log),
        "before the first token": lambda server, rng: after_disconnect(server, rng, "encode", False),
        "the same, streaming": lambda server, rng: after_disconnect(server, rng, "encode", True),
        "in mid-stream": lambda server, rng: after_disconnect(server, rng, "stream", True),
    }
    parts, held, log = [], True, trial.folder / "asked"
    with serving("--script", json.dumps(SLOW), "--batch", "1", "--waiting", "1", "--log", str(log)) as server:
        server.ask()
        for name, stage in stages.items():
            undisturbed, waits = [], []
            for _ in range(times):
                undisturbed.append(answer_time(server))
                waits.append(stage(server, trial.random))
            held &= p99(waits) < p99(undisturbed) + CANCEL_P99_S and max(waits) < max(undisturbed) + 2 * CANCEL_P99_S
            parts.append(
                f"{name} median {1000 * statistics.median(waits):.0f}, p99 {1000 * p99(waits):.0f} ms (undisturbed "
                f"{1000 * p99(undisturbed):.0f})"
            )
    return Measured(held, f"{times} each, time until the next request is answered: " + "; ".join(parts))


def p99(seconds: list[float]) -> float:
    return sorted(seconds)[int(0.99 * (len(seconds) - 1))]


def answer_time(server: RunningServer) -> float:
    """Return the seconds until an undisturbed request is answered, as a reference for this moment."""
    begin = time.monotonic()
    wait_for_answer(server)
    return time.monotonic() - begin


def asking(server: RunningServer, prompt: str, **fields: Any) -> http.client.HTTPConnection:
    connection = server.connect()
    connection.request("POST", COMPLETIONS, encode(question(prompt, **fields)), server.headers())
    return connection


def after_disconnect(server: RunningServer, rng: random.Random, prompt: str, stream: bool) -> float:
    """Return the seconds from the disconnect of a client to the answer to the next request."""
    connection = asking(server, prompt, stream=stream)
    if prompt == "stream":
        connection.getresponse().read(1)
    time.sleep(rng.uniform(0.03, 0.15))
    connection.close()
    begin = time.monotonic()
    wait_for_answer(server)
    return time.monotonic() - begin


def in_the_queue(server: RunningServer, rng: random.Random, log: Path) -> float:
    """Return the seconds from the disconnect of a queued client to a free place in the queue. log: engine log."""
    before = log.stat().st_size
    holder = asking(server, "encode")
    try:
        while log.stat().st_size == before:
            time.sleep(0.001)
        while (waiting := enqueue(server)) is None:
            time.sleep(0.001)
        time.sleep(rng.uniform(0.0, 0.1))
        waiting.close()
        begin = tried = time.monotonic()
        while (other := enqueue(server)) is None:
            time.sleep(0.001)
            tried = time.monotonic()
        other.close()
        return tried - begin
    finally:
        holder.close()
        wait_for_answer(server)


def enqueue(server: RunningServer) -> http.client.HTTPConnection | None:
    """Send a request, and return its connection if it waits in the queue; None if the server refuses it."""
    connection = asking(server, "encode")
    assert connection.sock is not None
    connection.sock.settimeout(0.03)
    try:
        receive(connection)
    except TimeoutError:
        return connection
    connection.close()
    return None


def wait_for_answer(server: RunningServer) -> None:
    """Send a request until it is answered, because the queue may still be full."""
    while (reply := server.ask(number=5)).status == 429:
        time.sleep(0.001)
    assert reply.text == "picture 5"


ROWS = (
    ReliabilityRow("S1", "fuzzed requests: 0 outside 200 and 4xx, 0 in another format, all < 2 s, same process", fuzz),
    ReliabilityRow("S3", "150 pictures: answered or refused, < 1 s, < 200 MB, 0 files opened for them", pictures),
    ReliabilityRow(
        "S6", "client disconnects: next answer at most 250 ms (p99) or 500 ms (all) later than undisturbed", cancels
    ),
)
