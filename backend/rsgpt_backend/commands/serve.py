"""`rsgpt serve`: the model behind OpenAI's protocol on this machine. It knows no HTTP itself."""

from __future__ import annotations

import argparse

from ..model.registry import model_folder
from ..server.launch import Launch, serve
from .loading import add_features, add_model, load_keeping_engine

_LARGEST_PORT = 65_535


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
    parser.add_argument("--exit-with-stdin", action="store_true", help="end when stdin reaches its end")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Serve until told to stop; 0, or 1 if the model cannot be loaded or the port is taken.

    Raises ModelError before anything is printed if there is no such model. A folder is served by its own name.
    """
    name = model_folder(args.model).resolve().name
    return serve(Launch(name, lambda: load_keeping_engine(args), args.port, args.exit_with_stdin))


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= _LARGEST_PORT:
        raise argparse.ArgumentTypeError(f"a port is a number from 0 to {_LARGEST_PORT}")
    return port
