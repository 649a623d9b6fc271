"""Program that serves the fake engine with the real server.

python serve_fake.py [--load-delay S] [--delay S] [--reply TEXT] [--script JSON]
    [--log FILE] [--audit FILE] [options of `rsgpt serve`]
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(_ROOT), str(_ROOT / "backend")]

from rsgpt_backend.server.batcher import QueueLimits  # noqa: E402 - needs the path above
from rsgpt_backend.server.launch import ServerLaunch, serve  # noqa: E402 - needs the path above
from tests.fakes.fake_engine import FakeEngine, Script  # noqa: E402 - needs the path above

_OPENING = {"open", "socket.connect", "socket.getaddrinfo"}


def main() -> int:
    """Serve until stopped; return the exit code."""
    args = _parser().parse_args()
    options = {"delay": args.delay, "token_delay": args.token_delay, "reply": args.reply, "log": args.log}
    script = Script(**json.loads(args.script), **{name: value for name, value in options.items() if value})
    if args.audit:
        sys.addaudithook(partial(_audit, Path(args.audit)))
    launch = ServerLaunch(
        args.model,
        partial(_load, args.load_delay, script, args.model),
        args.port,
        args.exit_with_stdin,
        QueueLimits(args.waiting, args.batch),
        args.stall,
        args.api_key,
    )
    return serve(launch)


def _load(delay: float, script: Script, model: str) -> FakeEngine:
    time.sleep(delay)
    return FakeEngine(script, model)


def _audit(file: Path, event: str, arguments: tuple[Any, ...]) -> None:
    """Log each opened file and address, except Python modules."""
    opened = str(arguments[0]) if arguments else ""
    is_module = opened.endswith((".py", ".pyc", ".so"))
    if event in _OPENING and opened != str(file) and not is_module:
        with file.open("a", encoding="utf-8") as log:
            log.write(f"{event} {arguments!r}\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Serve a scripted engine.")
    parser.add_argument("--load-delay", type=float, default=0.0, help="seconds that loading takes")
    parser.add_argument("--delay", type=float, help="seconds before each batch")
    parser.add_argument("--token-delay", type=float, help="seconds before each token")
    parser.add_argument("--reply", help="the answer; {number} is the picture's, {prompt} the question")
    parser.add_argument("--script", default="{}", help="JSON of fake_engine.Script")
    parser.add_argument("--log", help="file for one JSON line per prompt")
    parser.add_argument("--audit", help="file for one line per opened file and address")
    parser.add_argument("--api-key", default="")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--model", default="rsgpt-small")
    parser.add_argument("--exit-with-stdin", action="store_true")
    parser.add_argument("--waiting", type=int, default=QueueLimits.waiting, help="maximum number of waiting requests")
    parser.add_argument("--batch", type=int, default=QueueLimits.batch, help="maximum batch size")
    parser.add_argument(
        "--stall", type=float, default=300.0, help="seconds without progress after which the server ends"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
