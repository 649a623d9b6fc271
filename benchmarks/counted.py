"""Runs `rsgpt` in this process and prints the number of encoded pictures as the last line.

python -m benchmarks.counted batch RASTER --out FILE
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from torch import Tensor

from rsgpt_backend.cli import main as rsgpt
from rsgpt_backend.model.rsgpt import Rsgpt


def main(arguments: Sequence[str]) -> int:
    """Run the command and return its exit code."""
    encoded, encode = [0], Rsgpt.encode

    def counted(model: Rsgpt, pixels: Tensor) -> Tensor:
        encoded[0] += len(pixels)
        return encode(model, pixels)

    Rsgpt.encode = counted  # type: ignore[assignment, method-assign]  # this process only counts
    code = rsgpt(arguments)
    sys.stdout.write(f"{encoded[0]}\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
