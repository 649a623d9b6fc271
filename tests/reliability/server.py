"""What the server survives: requests, pictures and clients that no good client sends. The engine is scripted."""

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

from tests.backend.server.harness import COMPLETIONS, RunningServer, data_uri, encode, question, receive, with_url
from tests.backend.server.protocol.test_data_uri_images import BAD, GOOD
from tests.reliability.mutator import mutated
from tests.reliability.table import Measured, ReliabilityRow, TrialFolder

SLOWEST_S = 2.0
CANCEL_P99_S = 0.25
CORPUS = 150
MOST_GROWTH_MB = 200


@contextmanager
def serving(*arguments: str) -> Iterator[RunningServer]:
    """A server of its own, ended for good."""
    server = RunningServer(*arguments)
    try:
        yield server
    finally:
        server.process.kill()
        server.process.communicate()


def memory_mb(pid: int, name: str = "VmRSS") -> float:
    """Resident memory of a process; VmHWM for the most it ever was."""
    lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    return next(float(line.split()[1]) / 1024 for line in lines if line.startswith(f"{name}:"))


def fuzz(trial: TrialFolder) -> Measured:
    """S1: every answer is 200 or a refusal in our shape, soon, by the same process."""
    count = trial.times(500, 20_000)
    statuses: Counter[int] = Counter()
    slowest, shapeless = 0.0, 0
    with serving() as server:
        for _ in range(count):
            body, headers = mutated(trial.random)
            begin = time.monotonic()
            reply = server.call("POST", COMPLETIONS, body, {**server.headers(), **headers})
            slowest = max(slowest, time.monotonic() - begin)
            statuses[reply.status] += 1
            shapeless += reply.status != 200 and not _has_our_shape(reply.body)
        lives = server.process.poll() is None and server.ask(number=5).text == "picture 5"
    fine = sum(number for status, number in statuses.items() if status == 200 or 400 <= status < 500)
    said = (
        f"{count} requests: {dict(sorted(statuses.items()))}; {count - fine} outside 200 and 4xx, {shapeless} in "
        f"another shape, slowest {slowest:.2f} s; same process answers a good one: {lives}"
    )
    return Measured(fine == count and not shapeless and slowest < SLOWEST_S and lives, said)


def _has_our_shape(body: bytes) -> bool:
    try:
        return set(json.loads(body)["error"]) == {"message", "type", "code", "param"}
    except (ValueError, KeyError, TypeError):
        return False


def corpus(rng: random.Random) -> list[tuple[str, str, set[int]]]:
    """Name, address and allowed statuses of so many pictures; those cut or flipped at random fill it up."""
    good = [(name, data_uri(make(), kind), {200}) for name, (make, kind, _) in GOOD.items()]
    bad = [(name, make(), {status}) for name, (make, status) in BAD.items()]
    whole = [(name, make(), kind) for name, (make, kind, _) in GOOD.items() if name in ("grey", "JPEG", "transparent")]
    cut = [
        (f"{name} cut at {part} %", data_uri(data[: len(data) * part // 100], kind), {200, 400})
        for name, data, kind in whole
        for part in range(0, 100, 5)
    ]
    flipped = []
    for number in range(CORPUS - len(good) - len(bad) - len(cut)):
        name, data, kind = rng.choice(whole)
        broken = bytearray(data)
        broken[rng.randrange(len(broken))] ^= rng.randrange(1, 256)
        flipped.append((f"{name} flipped {number}", data_uri(bytes(broken), kind), {200, 400, 413}))
    return [*good, *bad, *cut, *flipped]


def pictures(trial: TrialFolder) -> Measured:
    """S3: the corpus, answered or refused as it should be, in bounded time and memory; nothing is opened for it."""
    opened = trial.folder / "opened"
    wrong, slowest = [], 0.0
    with serving("--audit", str(opened)) as server:
        asked = corpus(trial.random)
        for uri in (asked[0][1], next(make() for make, _ in BAD.values())):  # what is imported with the first of a kind
            server.call("POST", COMPLETIONS, encode(with_url(uri)))
        opened.unlink(missing_ok=True)
        before = memory_mb(server.process.pid)
        for name, uri, allowed in asked:
            begin = time.monotonic()
            status = server.call("POST", COMPLETIONS, encode(with_url(uri))).status
            slowest = max(slowest, time.monotonic() - begin)
            wrong += [f"{name}: {status}"] if status not in allowed else []
        growth = memory_mb(server.process.pid, "VmHWM") - before
        lives = server.ask(number=5).text == "picture 5"
    touched = opened.read_text("utf-8").splitlines() if opened.exists() else []
    said = (
        f"{len(asked)} pictures, {len(wrong)} with a wrong status {wrong[:3]}; slowest {slowest:.2f} s, memory "
        f"+{growth:.0f} MB at its peak; files and connections opened: {len(touched)} {touched[:2]}"
    )
    return Measured(not wrong and slowest < 1 and growth < MOST_GROWTH_MB and not touched and lives, said)


SLOW = {"delays": {"encode": 60.0}, "replies": {"stream": "word " * 400}, "token_delay": 0.01}


def cancels(trial: TrialFolder) -> Measured:
    """S6: how soon somebody else is answered after a client has left."""
    times = trial.times(10, 100)
    stages: dict[str, Callable[[RunningServer, random.Random], float]] = {
        "in the queue": lambda server, rng: in_the_queue(server, rng, log),
        "before the first token": lambda server, rng: left(server, rng, "encode", False),
        "the same, streaming": lambda server, rng: left(server, rng, "encode", True),
        "in mid-stream": lambda server, rng: left(server, rng, "stream", True),
    }
    said, held, log = [], True, trial.folder / "asked"
    with serving("--script", json.dumps(SLOW), "--batch", "1", "--waiting", "1", "--log", str(log)) as server:
        server.ask()
        for name, stage in stages.items():
            calm, waits = [], []
            for _ in range(times):
                calm.append(undisturbed(server))
                waits.append(stage(server, trial.random))
            held &= p99(waits) < p99(calm) + CANCEL_P99_S and max(waits) < max(calm) + 2 * CANCEL_P99_S
            said.append(
                f"{name} median {1000 * statistics.median(waits):.0f}, p99 {1000 * p99(waits):.0f} ms (undisturbed "
                f"{1000 * p99(calm):.0f})"
            )
    return Measured(held, f"{times} each, until the next one is answered: " + "; ".join(said))


def p99(seconds: list[float]) -> float:
    """Nearly the slowest."""
    return sorted(seconds)[int(0.99 * (len(seconds) - 1))]


def undisturbed(server: RunningServer) -> float:
    """Seconds to an answer that nothing stands in the way of: what the machine itself takes at this moment."""
    begin = time.monotonic()
    answered(server)
    return time.monotonic() - begin


def asking(server: RunningServer, prompt: str, **fields: object) -> http.client.HTTPConnection:
    """A connection on which a question is under way."""
    connection = server.connect()
    connection.request("POST", COMPLETIONS, encode(question(prompt, **fields)), server.headers())
    return connection


def left(server: RunningServer, rng: random.Random, prompt: str, stream: bool) -> float:
    """Seconds from a client's leaving to the answer to another question, which had to wait for the engine."""
    connection = asking(server, prompt, stream=stream)
    if prompt == "stream":
        connection.getresponse().read(1)
    time.sleep(rng.uniform(0.03, 0.15))
    hang_up(connection)
    begin = time.monotonic()
    answered(server)
    return time.monotonic() - begin


def in_the_queue(server: RunningServer, rng: random.Random, log: Path) -> float:
    """The same for the one place in the queue: until it is free for another. log: of what reached the engine."""
    before = log.stat().st_size
    holder = asking(server, "encode")
    try:
        while log.stat().st_size == before:
            time.sleep(0.001)
        while (waiting := let_in(server)) is None:
            time.sleep(0.001)
        time.sleep(rng.uniform(0.0, 0.1))
        hang_up(waiting)
        begin = tried = time.monotonic()
        while (other := let_in(server)) is None:
            time.sleep(0.001)
            tried = time.monotonic()
        hang_up(other)
        return tried - begin
    finally:
        hang_up(holder)
        answered(server)


def let_in(server: RunningServer) -> http.client.HTTPConnection | None:
    """A question with a place in the queue, which has no reply while the engine is held; None where it is refused."""
    connection = asking(server, "encode")
    assert connection.sock is not None
    connection.sock.settimeout(0.03)
    try:
        receive(connection)
    except TimeoutError:
        return connection
    connection.close()
    return None


def answered(server: RunningServer) -> None:
    """Ask until there is an answer; the queue may be full for a moment."""
    while (reply := server.ask(number=5)).status == 429:
        time.sleep(0.001)
    assert reply.text == "picture 5"


def hang_up(connection: http.client.HTTPConnection) -> None:
    """Leave at once."""
    connection.close()


ROWS = (
    ReliabilityRow("S1", "fuzzed requests: 0 outside 200 and 4xx, our error shape, none over 2 s, same process", fuzz),
    ReliabilityRow("S3", "150 pictures: answered or refused, < 1 s, < 200 MB, nothing opened for them", pictures),
    ReliabilityRow(
        "S6", "a client leaves: the next is answered at most 250 ms (p99), 500 ms (all) later than undisturbed", cancels
    ),
)
