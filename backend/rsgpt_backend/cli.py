"""The `rsgpt` command: parses arguments, runs a command, and reports expected errors as a message and an exit code.

Exit codes: 0 for success, 1 if some items failed or the command could not finish, 2 for wrong usage.
"""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Sequence

from . import __version__
from .commands import answer, batch, bench, convert, doctor, embed, find, models, serve, train
from .commands.evaluation import evaluate
from .commands.printing import note
from .commands.searching import search
from .errors import RsgptError, UsageError

# How often PyTorch's threads poll for work before they sleep (GNU OpenMP); 1000 polls take about 10 microseconds.
# Without polling, a fifth of the speed is lost. Long polling loses two thirds of it if other programs need the cores,
# so the server, which runs next to QGIS, polls less than commands that have the machine to themselves.
_SPIN_COUNT, _SERVER_SPIN_COUNT = 3000, 1000


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code."""
    args = _parser().parse_args(argv)
    os.environ.setdefault("GOMP_SPINCOUNT", str(_SERVER_SPIN_COUNT if args.command == "serve" else _SPIN_COUNT))
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
        # The buffered output has no reader; without this, the interpreter would report an error at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        note(f"A file cannot be read or written: {error}. Check its path, its permissions, and the free disk space.")
        return 1
    except Exception as error:  # the outermost frame of the process: report a bug as a bug, with its traceback
        note(traceback.format_exc().rstrip())
        note(f"This is a bug in rsgpt ({type(error).__name__}). Report it with the lines above.")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="rsgpt",
        description="Describe aerial and satellite pictures and answer questions about them on this machine.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    subparsers = parser.add_subparsers(dest="command", required=True)
    for command in (answer, find, embed, search, batch, serve, evaluate, train, convert, models, bench, doctor):
        command.add_parser(subparsers)
    return parser
