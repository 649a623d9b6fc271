"""The `rsgpt` command: parse, run, and turn every expected error into a sentence and an exit code.

0: all done; 1: some items failed or the work could not be done; 2: wrong use.
"""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Sequence

from . import __version__
from .commands import answer, batch, bench, convert, doctor, evaluate, models, serve, train
from .commands.printing import note
from .errors import RsgptError, UsageError

# How often PyTorch's threads look before they sleep, with GNU's library; a thousand times take some ten microseconds.
# Never to look costs a fifth of the speed; often is as fast alone, but where something else wants the cores it costs
# two thirds. A server stands beside QGIS, the others have the machine to themselves.
_LOOKS, _LOOKS_OF_A_SERVER = 3000, 1000


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    args = _parser().parse_args(argv)
    os.environ.setdefault("GOMP_SPINCOUNT", str(_LOOKS_OF_A_SERVER if args.command == "serve" else _LOOKS))
    try:
        code: int = args.run(args)
        return code
    except RsgptError as error:
        note(str(error))
        return 2 if error.code == UsageError.code else 1
    except KeyboardInterrupt:
        note("Stopped.")
        return 1
    except BrokenPipeError:
        # What is still in the buffer has no reader, and the interpreter would complain of it when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        note(f"A file cannot be read or written: {error}. Check its path, its rights and the free space.")
        return 1
    except Exception as error:  # the border of the process: a mistake of ours is told whole, and as one
        note(traceback.format_exc().rstrip())
        note(f"This is a mistake in rsgpt ({type(error).__name__}). Report it with the lines above.")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="rsgpt", description="Ask questions of aerial and satellite pictures, on this machine."
    )
    parser.add_argument("--version", action="version", version=__version__)
    subparsers = parser.add_subparsers(dest="command", required=True)
    for command in (answer, batch, serve, evaluate, train, convert, models, bench, doctor):
        command.add_parser(subparsers)
    return parser
