"""A server for rehearsals of the tour: the real server with made-up answers instead of a model."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(_ROOT), str(_ROOT / "backend")]

from rsgpt_backend.predictor import Answer, Ask, Step, Token  # noqa: E402 - needs the path above
from rsgpt_backend.server.launch import ServerLaunch, serve  # noqa: E402
from tests.fakes.fake_engine import FakeEngine, Script, number_of  # noqa: E402

_CAPTIONS = (
    "Many cars are parked in several rows of a parking lot.",
    "Some buildings with gray roofs stand beside a straight road.",
    "Many boats lie densely side by side at the docks of a harbor.",
    "A river with green water runs between two banks with trees.",
    "An airplane stands on the apron of an airport.",
    "Two tennis courts are surrounded by some trees and a house.",
)
_REPLIES = {
    "detail": " ".join(_CAPTIONS),
    "kind of area": "a town",
    "trees": "no",
    "cars": "yes",
    "boats": "no",
    "roads": "yes",
}
_SURE = (0.93, 0.86, 0.74, 0.61, 0.45, 0.28)


class RehearsalEngine(FakeEngine):
    """Returns captions and confidences that differ from place to place."""

    early: Callable[[Step], None] | None = None

    def _reply(self, ask: Ask) -> str:
        reply = next((reply for word, reply in _REPLIES.items() if word in ask.prompt), "")
        return reply or _CAPTIONS[number_of(ask) % len(_CAPTIONS)]

    def _answer(self, ask: Ask, tokens: list[Token], words: int) -> Answer:
        return replace(super()._answer(ask, tokens, words), confidence=_SURE[number_of(ask) % len(_SURE)])


def main() -> int:
    """Run the server until it is stopped; return the exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--model", default="rsgpt-small")
    parser.add_argument("--exit-with-stdin", action="store_true")
    args, _ = parser.parse_known_args()
    return serve(ServerLaunch(args.model, lambda: _engine(args.model), args.port, args.exit_with_stdin))


def _engine(model: str) -> RehearsalEngine:
    engine = RehearsalEngine(Script(token_delay=0.15, delay=2.0), model)
    record = json.loads((_ROOT / "backend" / "rsgpt_backend" / "weights" / model / "model.json").read_text("utf-8"))
    engine.weights_sha256 = record["weights_sha256"]
    return engine


if __name__ == "__main__":
    sys.exit(main())
