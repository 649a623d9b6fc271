"""`rsgpt serve`: the options of the OpenAI-compatible model server on this machine."""

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

_MAX_PORT = 65_535
_VARIABLE = "RSGPT_SERVE_KEY"
_MIN_KEY_LENGTH = 16
_KEY = re.compile(rf"[\x21-\x7e]{{{_MIN_KEY_LENGTH},}}")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `serve` command."""
    parser = subparsers.add_parser(
        "serve",
        help="serve a model on 127.0.0.1",
        description="Serve a model on 127.0.0.1. The first line on stdout is a JSON object with url, api_key, and pid.",
    )
    parser.add_argument("--port", type=_port, default=0, help="port number; 0, the default, selects a free port")
    add_model(parser)
    add_features(parser)
    parser.add_argument(
        "--api-key",
        type=_key,
        default=None,
        metavar="KEY",
        help="key that clients must send, instead of a new one per start; the environment variable "
        f"{_VARIABLE} does the same and hides it from other users of this machine",
    )
    parser.add_argument("--exit-with-stdin", action="store_true", help="exit when stdin is closed")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Serve until the server is stopped; return 1 if the model cannot be loaded or the port is in use, otherwise 0.

    Raises ModelError before anything is printed if the model does not exist or its config cannot be used. A model
    folder is served under the name of the folder.
    """
    key, folder = _chosen_key(args.api_key), model_folder(args.model)
    ModelConfig.read(folder)
    name = folder.resolve().name
    return serve(ServerLaunch(name, lambda: caching_engine_from(args), args.port, args.exit_with_stdin, key=key))


def _chosen_key(option: str | None) -> str:
    """Return the key of the option, of the environment, or a new one. Raises UsageError if it is not valid."""
    try:
        return option or _key(os.environ.get(_VARIABLE) or new_key())
    except argparse.ArgumentTypeError as error:
        raise UsageError(f"{_VARIABLE} cannot be used: {error}.") from error


def _key(text: str) -> str:
    if not _KEY.fullmatch(text):
        raise argparse.ArgumentTypeError(
            f"a key needs at least {_MIN_KEY_LENGTH} ASCII letters, digits, and punctuation marks, without spaces"
        )
    return text


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= _MAX_PORT:
        raise argparse.ArgumentTypeError(f"a port is a number from 0 to {_MAX_PORT}")
    return port
