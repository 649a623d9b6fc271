"""Whose answer it is: a server that delays, reorders, doubles and breaks off its replies, before the real client."""

from __future__ import annotations

import json
import random
import threading
import time
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from qgis.PyQt.QtGui import QColor, QImage

from rsgpt_plugin.client.server.endpoint import Endpoint, ForeignServer
from rsgpt_plugin.client.server.gateway import Gateway
from rsgpt_plugin.client.server.protocol import Prompt, Reply
from rsgpt_plugin.encoding import encode
from tests.plugin.client.server.rogue_servers import completion
from tests.reliability.session import qgis
from tests.reliability.table import Measured, ReliabilityRow, TrialFolder

ACTS = ("answer", "late", "double", "late double", "foreign id", "busy", "stumble", "hang up")
WEIGHTS = (80, 40, 10, 10, 20, 2, 5, 5)


def picture(number: int) -> bytes:
    """A PNG that carries its number."""
    image = QImage(4, 4, QImage.Format.Format_RGB888)
    image.fill(QColor(number >> 16, number >> 8 & 255, number & 255))
    return encode(image)


def number_in(body: bytes) -> int:
    """The number of the picture that a request shows."""
    parts = json.loads(body)["messages"][0]["content"]
    image = QImage.fromData(b64decode(parts[0]["image_url"]["url"].partition(",")[2]), "PNG")
    colour = image.pixelColor(1, 1)
    return colour.red() << 16 | colour.green() << 8 | colour.blue()


class Disorderly(BaseHTTPRequestHandler):
    """Answers each request with its picture's number, sooner or later, once or twice, or not at once."""

    protocol_version = "HTTP/1.1"
    rng = random.Random()

    def do_POST(self) -> None:
        number = number_in(self.rfile.read(int(self.headers["Content-Length"])))
        (act,) = self.rng.choices(ACTS, WEIGHTS)
        if act in ("busy", "stumble"):
            self._send(429 if act == "busy" else 500, b'{"error": "again"}')
        elif act == "hang up":
            self.close_connection = True
            self.connection.close()
        else:
            self._answer(number, act)

    def _answer(self, number: int, act: str) -> None:
        time.sleep(self.rng.uniform(0.02, 0.1) if act == "late" else self.rng.uniform(0, 0.004))
        body = completion(str(number))
        if act == "foreign id":
            body = json.dumps({**json.loads(body), "id": f"chatcmpl-{self.rng.randrange(10**6)}"}).encode()
        self._send(200, body)
        if act.endswith("double"):
            time.sleep(0.002 if act == "late double" else 0.0)
            self._send(200, body)

    def _send(self, status: int, body: bytes) -> None:
        try:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Retry-After", "0")
            if self.close_connection:  # as the client asked
                self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()
        except OSError:
            self.close_connection = True

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


class SilentServer(ThreadingHTTPServer):
    """A client that leaves is nothing to complain of."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing."""


@contextmanager
def disorder(rng: random.Random) -> Iterator[str]:
    """Such a server's address."""
    Disorderly.rng = rng
    server = SilentServer(("127.0.0.1", 0), Disorderly)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    server.shutdown()
    server.server_close()


def swapped(trial: TrialFolder) -> Measured:
    """D5: every prompt gets the answer about its own picture, or an error; never another's."""
    qgis()
    count = trial.times(200, 2_000)
    numbers = trial.random.sample(range(2**24), count)
    prompts = (Prompt(picture(number), "Which number?") for number in numbers)
    replies, errors, foreign = 0, 0, 0
    with disorder(trial.random) as url:
        gateway = Gateway(ForeignServer(Endpoint(url)), "disorderly")
        seen = set()
        for index, outcome in gateway.ask_many(prompts):
            seen.add(index)
            is_reply = isinstance(outcome, Reply)
            replies, errors = replies + is_reply, errors + (not is_reply)
            foreign += isinstance(outcome, Reply) and outcome.text != str(numbers[index])
    said = f"{count} questions: {replies} answered, {errors} given up with an error, {foreign} with another's answer"
    return Measured(len(seen) == count and not foreign and replies > 0.9 * count, said)


ROWS = (ReliabilityRow("D5", "late, doubled, reordered, broken replies: 0 answers about another picture", swapped),)
