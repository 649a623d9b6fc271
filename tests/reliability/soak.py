"""Memory, open files, threads and response times of a server with a tiny model after long use."""

from __future__ import annotations

import os
import random
import shutil
import statistics
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path

from tests.backend.server.harness import COMPLETIONS, RunningServer, data_uri, encode, with_url
from tests.reliability.server import asking, memory_mb, p99
from tests.reliability.table import Measured, ReliabilityRow, TrialFolder

CLIENTS = 4
MANY = 10_000
SETTLED, ROUNDS = 800, 4  # caches and allocators have then reached their size: 435, 454, 457, 458 MB
BAD_SHARE = CANCELLED_SHARE = 0.05


class RealServer(RunningServer):
    """`rsgpt serve` with a model folder."""

    def __init__(self, folder: Path, temporary: Path) -> None:
        command = [sys.executable, "-m", "rsgpt_backend", "serve", "--model", str(folder), "--exit-with-stdin"]
        pipe = subprocess.PIPE
        environment = {**os.environ, "TMPDIR": str(temporary)}
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env=environment)
        self.read_announcement()


@dataclass
class Load:
    """Requests of several clients. model: name at the server. seconds: durations of valid requests, in order."""

    server: RunningServer
    model: str
    pictures: list[str]
    seconds: list[float] = field(default_factory=list)
    wrong: list[int] = field(default_factory=list)
    guard: threading.Lock = field(default_factory=threading.Lock)

    def send(self, rng: random.Random, count: int) -> None:
        shares = [random.Random(rng.random()) for _ in range(CLIENTS)]
        threads = [threading.Thread(target=self._client, args=(share, count // CLIENTS)) for share in shares]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _client(self, rng: random.Random, count: int) -> None:
        for _ in range(count):
            action, prompt = rng.random(), rng.choice(["Describe this image.", "Is there any water?", "gray road"])
            request = with_url(rng.choice(self.pictures), model=self.model, max_tokens=rng.randint(1, 12))
            request["messages"][0]["content"][1]["text"] = prompt
            if action < CANCELLED_SHARE:
                connection = asking(self.server, prompt, model=self.model, stream=True)
                time.sleep(rng.uniform(0, 0.02))
                connection.close()
                continue
            is_bad = action < CANCELLED_SHARE + BAD_SHARE
            if is_bad:
                request["messages"][0]["content"][0]["image_url"]["url"] = "data:image/png;base64,iVBORw0KGgo="
            begin = time.monotonic()
            try:
                status = self.server.call("POST", COMPLETIONS, encode(request)).status
            except (OSError, HTTPException):
                status = 0  # no reply
            self._note(time.monotonic() - begin, status, 400 if is_bad else 200)

    def _note(self, seconds: float, status: int, expected: int) -> None:
        with self.guard:
            self.wrong += [status] if status != expected else []
            self.seconds += [seconds] if expected == 200 else []


def resources(pid: int) -> tuple[float, int, int]:
    """Return memory in MB, open files and threads of a process, one second after its last request."""
    time.sleep(1.0)
    process = Path(f"/proc/{pid}")
    return memory_mb(pid), len(list((process / "fd").iterdir())), len(list((process / "task").iterdir()))


def soak(trial: TrialFolder) -> Measured:
    """S8: compare the resources and durations after a warm-up with those at the end."""
    from tests.backend.toy import make_folder, picture

    count = trial.times(2 * SETTLED, 20_000)
    warm_up = max(SETTLED, count // 10)
    folder, temporary = make_folder(trial.folder / "toy"), trial.folder / "tmp"
    temporary.mkdir()
    pictures = [data_uri(as_png(picture(number))) for number in range(200)]
    server = RealServer(folder, temporary)
    load = Load(server, folder.name, pictures)
    try:
        for _ in range(ROUNDS):
            load.send(trial.random, warm_up // ROUNDS)
        first, warm = resources(server.process.pid), len(load.seconds)
        load.send(trial.random, count - warm_up)
        last = resources(server.process.pid)
    finally:
        server.process.kill()
        server.process.communicate()
        leftovers = list(temporary.iterdir())
        shutil.rmtree(temporary)
    return compare(load, first, last, warm, len(leftovers), count)


def slowness(seconds: list[float], count: int) -> float:
    """Return the 99th percentile, or the median of fewer than MANY requests."""
    return p99(seconds) if count >= MANY else statistics.median(seconds)


def compare(
    load: Load, first: tuple[float, int, int], last: tuple[float, int, int], warm: int, leftovers: int, count: int
) -> Measured:
    """Compare the warm-up with the end. warm: number of valid requests in the warm-up."""
    tenth = max(20, len(load.seconds) // 10)
    early, late = (slowness(part, count) for part in (load.seconds[warm : warm + tenth], load.seconds[-tenth:]))
    growth = last[0] - first[0]
    steady = last[1:] == first[1:] and growth < min(100, 0.05 * first[0]) and late < max(1.2 * early, early + 0.05)
    text = (
        f"{count} requests, {len(load.wrong)} with a wrong status; memory {first[0]:.0f} to {last[0]:.0f} MB, open "
        f"files {first[1]} to {last[1]}, threads {first[2]} to {last[2]}, "
        f"{'p99' if count >= MANY else 'median'} {1000 * early:.0f} to {1000 * late:.0f} ms, temporary files "
        f"{leftovers}"
    )
    return Measured(steady and not load.wrong and not leftovers, text)


def as_png(image: object) -> bytes:
    from tests.backend.server.protocol.test_data_uri_images import saved

    return saved(image)  # type: ignore[arg-type]  # the toy's pictures are Pillow's


ROWS = (
    ReliabilityRow(
        "S8", "soak: memory at most +5 %, files and threads unchanged, p99 (few: median) at most 1.2 times longer", soak
    ),
)
