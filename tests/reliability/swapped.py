"""Answers about the right picture: the real client with a server that delays, reorders, repeats and drops replies."""

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

ACTIONS = ("answer", "late", "double", "late double", "foreign id", "busy", "stumble", "hang up")
WEIGHTS = (80, 40, 10, 10, 20, 2, 5, 5)


def picture(number: int) -> bytes:
    """Return a PNG whose color encodes a number."""
    image = QImage(4, 4, QImage.Format.Format_RGB888)
    image.fill(QColor(number >> 16, number >> 8 & 255, number & 255))
    return encode(image)


def number_in(body: bytes) -> int:
    parts = json.loads(body)["messages"][0]["content"]
    image = QImage.fromData(b64decode(parts[0]["image_url"]["url"].partition(",")[2]), "PNG")
    color = image.pixelColor(1, 1)
    return color.red() << 16 | color.green() << 8 | color.blue()


class Disorderly(BaseHTTPRequestHandler):
    """Answers each request with the number of its picture: delayed, repeated, refused or disconnected."""

    protocol_version = "HTTP/1.1"
    rng = random.Random()

    def do_POST(self) -> None:
        number = number_in(self.rfile.read(int(self.headers["Content-Length"])))
        (action,) = self.rng.choices(ACTIONS, WEIGHTS)
        if action in ("busy", "stumble"):
            self._send(429 if action == "busy" else 500, b'{"error": "again"}')
        elif action == "hang up":
            self.close_connection = True
            self.connection.close()
        else:
            self._answer(number, action)

    def _answer(self, number: int, action: str) -> None:
        time.sleep(self.rng.uniform(0.02, 0.1) if action == "late" else self.rng.uniform(0, 0.004))
        body = completion(str(number))
        if action == "foreign id":
            body = json.dumps({**json.loads(body), "id": f"chatcmpl-{self.rng.randrange(10**6)}"}).encode()
        self._send(200, body)
        if action.endswith("double"):
            time.sleep(0.002 if action == "late double" else 0.0)
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
        """Do not log requests."""


class SilentServer(ThreadingHTTPServer):
    """A server that does not report clients that disconnect."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore the error."""


@contextmanager
def disorder(rng: random.Random) -> Iterator[str]:
    Disorderly.rng = rng
    server = SilentServer(("127.0.0.1", 0), Disorderly)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    server.shutdown()
    server.server_close()


def swapped(trial: TrialFolder) -> Measured:
    """D5: each prompt gets the answer about its own picture or an error."""
    qgis()
    count = trial.times(200, 2_000)
    numbers = trial.random.sample(range(2**24), count)
    prompts = (Prompt(picture(number), "Which number?") for number in numbers)
    replies, errors, foreign = 0, 0, 0
    with disorder(trial.random) as url:
        gateway = Gateway(ForeignServer(Endpoint(url)), "disorderly")
        indexes = set()
        for index, outcome in gateway.ask_many(prompts):
            indexes.add(index)
            is_reply = isinstance(outcome, Reply)
            replies, errors = replies + is_reply, errors + (not is_reply)
            foreign += isinstance(outcome, Reply) and outcome.text != str(numbers[index])
    text = f"{count} prompts: {replies} answered, {errors} failed with an error, {foreign} with another answer"
    return Measured(len(indexes) == count and not foreign and replies > 0.9 * count, text)


ROWS = (ReliabilityRow("D5", "late, repeated, reordered, dropped replies: 0 answers about another picture", swapped),)
