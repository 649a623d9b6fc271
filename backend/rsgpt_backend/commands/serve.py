"""`rsgpt serve`: the model behind OpenAI's protocol on this machine. It knows no HTTP itself."""

from __future__ import annotations

import argparse
import os
import re

from ..errors import UsageError
from ..model.config import ModelConfig
from ..model.registry import model_folder
from ..server.launch import ServerLaunch, serve
from ..server.middleware.key import new_key
from .model_options import add_features, add_model, caching_engine_from

_LARGEST_PORT = 65_535
_VARIABLE = "RSGPT_SERVE_KEY"
_SHORTEST_KEY = 16
_KEY = re.compile(rf"[\x21-\x7e]{{{_SHORTEST_KEY},}}")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `serve` command."""
    parser = subparsers.add_parser(
        "serve",
        help="serve a model on 127.0.0.1",
        description="Serve a model on 127.0.0.1. The first line on stdout is JSON with url, api_key and pid.",
    )
    parser.add_argument("--port", type=_port, default=0, help="0, the default, takes a free one")
    add_model(parser)
    add_features(parser)
    parser.add_argument(
        "--api-key",
        type=_key,
        default=None,
        metavar="KEY",
        help=f"what clients have to send, in place of a new key at each start; {_VARIABLE} in the environment does the "
        "same, and shows it to no other user of this machine",
    )
    parser.add_argument("--exit-with-stdin", action="store_true", help="end when stdin reaches its end")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Serve until told to stop; 0, or 1 if the model cannot be loaded or the port is taken.

    Raises ModelError before anything is printed if there is no such model, or its config cannot be used. A folder is
    served by its own name.
    """
    key, folder = _chosen_key(args.api_key), model_folder(args.model)
    ModelConfig.read(folder)
    name = folder.resolve().name
    return serve(ServerLaunch(name, lambda: caching_engine_from(args), args.port, args.exit_with_stdin, key=key))


def _chosen_key(given: str | None) -> str:
    """The key of the option, or of the environment; "" for a new one."""
    try:
        return given or _key(os.environ.get(_VARIABLE) or new_key())
    except argparse.ArgumentTypeError as error:
        raise UsageError(f"{_VARIABLE} cannot be used: {error}.") from error


def _key(text: str) -> str:
    if not _KEY.fullmatch(text):
        raise argparse.ArgumentTypeError(
            f"a key has {_SHORTEST_KEY} or more letters, digits and signs of ASCII, without spaces"
        )
    return text


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= _LARGEST_PORT:
        raise argparse.ArgumentTypeError(f"a port is a number from 0 to {_LARGEST_PORT}")
    return port
