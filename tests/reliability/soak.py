"""What long use costs: memory, files, threads and patience of a server with a real, tiny model."""

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
SETTLED, ROUNDS = 800, 4  # by then caches and the allocator of new connections have grown: 435, 454, 457, 458 MB
BAD_SHARE = CANCELLED_SHARE = 0.05


class RealServer(RunningServer):
    """`rsgpt serve` with a model folder."""

    def __init__(self, folder: Path, temporary: Path) -> None:
        command = [sys.executable, "-m", "rsgpt_backend", "serve", "--model", str(folder), "--exit-with-stdin"]
        pipe = subprocess.PIPE
        environment = {**os.environ, "TMPDIR": str(temporary)}
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env=environment)
        self.greet()


@dataclass
class Load:
    """What clients send, and how long each good request took, in order. model: as the server calls it."""

    server: RunningServer
    model: str
    pictures: list[str]
    seconds: list[float] = field(default_factory=list)
    wrong: list[int] = field(default_factory=list)
    guard: threading.Lock = field(default_factory=threading.Lock)

    def send(self, rng: random.Random, count: int) -> None:
        """Ask on from several clients, each with its own share."""
        shares = [random.Random(rng.random()) for _ in range(CLIENTS)]
        threads = [threading.Thread(target=self._client, args=(share, count // CLIENTS)) for share in shares]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _client(self, rng: random.Random, count: int) -> None:
        for _ in range(count):
            act, prompt = rng.random(), rng.choice(["Describe this image.", "Is there any water?", "gray road"])
            asked = with_url(rng.choice(self.pictures), model=self.model, max_tokens=rng.randint(1, 12))
            asked["messages"][0]["content"][1]["text"] = prompt
            if act < CANCELLED_SHARE:
                connection = asking(self.server, prompt, model=self.model, stream=True)
                time.sleep(rng.uniform(0, 0.02))
                connection.close()
                continue
            if act < CANCELLED_SHARE + BAD_SHARE:
                asked["messages"][0]["content"][0]["image_url"]["url"] = "data:image/png;base64,iVBORw0KGgo="
            begin = time.monotonic()
            try:
                status = self.server.call("POST", COMPLETIONS, encode(asked)).status
            except (OSError, HTTPException):
                status = 0  # no answer at all
            self._note(time.monotonic() - begin, status, 400 if act < CANCELLED_SHARE + BAD_SHARE else 200)

    def _note(self, seconds: float, status: int, expected: int) -> None:
        with self.guard:
            self.wrong += [status] if status != expected else []
            self.seconds += [seconds] if expected == 200 else []


def held_by(pid: int) -> tuple[float, int, int]:
    """Memory in MB, open files and threads, when the server has come to rest."""
    time.sleep(1.0)
    process = Path(f"/proc/{pid}")
    return memory_mb(pid), len(list((process / "fd").iterdir())), len(list((process / "task").iterdir()))


def soak(trial: TrialFolder) -> Measured:
    """S8: a tenth, or what it takes to settle, to warm up; then the rest; compared are the two ends."""
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
        first, begun = held_by(server.process.pid), len(load.seconds)
        load.send(trial.random, count - warm_up)
        last = held_by(server.process.pid)
    finally:
        server.process.kill()
        server.process.communicate()
        left = list(temporary.iterdir())
        shutil.rmtree(temporary)
    return judged(load, first, last, begun, len(left), count)


def slowness(seconds: list[float], count: int) -> float:
    """The p99, or where there are too few for one, the median."""
    return p99(seconds) if count >= MANY else statistics.median(seconds)


def judged(
    load: Load, first: tuple[float, int, int], last: tuple[float, int, int], begun: int, left: int, count: int
) -> Measured:
    """The two ends beside each other."""
    tenth = max(20, len(load.seconds) // 10)
    early, late = (slowness(part, count) for part in (load.seconds[begun : begun + tenth], load.seconds[-tenth:]))
    growth = last[0] - first[0]
    steady = last[1:] == first[1:] and growth < min(100, 0.05 * first[0]) and late < max(1.2 * early, early + 0.05)
    said = (
        f"{count} requests, {len(load.wrong)} with a wrong status; memory {first[0]:.0f} to {last[0]:.0f} MB, open "
        f"files {first[1]} to {last[1]}, threads {first[2]} to {last[2]}, "
        f"{'p99' if count >= MANY else 'median'} {1000 * early:.0f} to {1000 * late:.0f} ms, temporary files {left}"
    )
    return Measured(steady and not load.wrong and not left, said)


def as_png(image: object) -> bytes:
    """A picture's bytes."""
    from tests.backend.server.protocol.test_data_uri_images import saved

    return saved(image)  # type: ignore[arg-type]  # the toy's pictures are Pillow's


ROWS = (
    ReliabilityRow(
        "S8", "soak: memory +5 % at most, files and threads the same, p99 (few: median) not 1.2 times longer", soak
    ),
)
