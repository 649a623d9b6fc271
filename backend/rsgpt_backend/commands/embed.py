"""`rsgpt embed`: one vector per picture or text, for search by words and by example."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..data.image_files import image_sha256, open_image
from ..errors import ImageError, ModelError, RsgptError, UsageError
from ..predictor import Embedding, KeyedPicture
from .answer import results_or_errors
from .model_options import add_gsd, add_model, engine_from, note_unused_gsd
from .printing import ResultPrinter

if TYPE_CHECKING:
    from ..engine.engine import Engine

_BATCH = 32
_MAX_TEXT_LENGTH = 4_000


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `embed` command."""
    parser = subparsers.add_parser(
        "embed", help="print a vector per picture or text; the closer two vectors, the better they match"
    )
    parser.add_argument("images", nargs="*", metavar="IMAGE", help="PNG, JPEG, or TIFF file")
    parser.add_argument("--text", action="append", default=[], help="text to embed; can be repeated")
    add_gsd(parser)
    add_model(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object per line")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the vectors of the pictures, then of the texts; return 1 if some pictures could not be read."""
    _check(args.images, args.text)
    engine = engine_from(args)
    if not engine.capabilities.embed:
        raise ModelError(f"{engine.name} has no vectors for pictures and texts. Choose another model with --model.")
    if args.images:
        note_unused_gsd(args, engine)
    output = ResultPrinter(args.json)
    items = [*(("image", path) for path in args.images), *(("text", text) for text in args.text)]
    for start in range(0, len(items), _BATCH):
        batch = items[start : start + _BATCH]
        for (kind, name), embedding in zip(batch, _embedded(engine, batch, args.gsd), strict=True):
            if isinstance(embedding, RsgptError):
                output.failure({kind: name}, embedding)
            else:
                numbers = " ".join(f"{value:.6f}" for value in embedding.vector)
                output.result({kind: name, "vector": list(embedding.vector)}, f"{name}: {numbers}")
    return output.exit_code


def _check(images: Sequence[str], texts: Sequence[str]) -> None:
    if not images and not texts:
        raise UsageError("Give at least one picture, or a text with --text.")
    if not all(text.strip() and len(text) <= _MAX_TEXT_LENGTH for text in texts):
        raise UsageError(f"A text must have 1 to {_MAX_TEXT_LENGTH} characters. Enter a text, or shorten it.")


def _embedded(
    engine: Engine, batch: Sequence[tuple[str, str]], gsd_m: float | None
) -> Iterator[Embedding | RsgptError]:
    """Yield an embedding or an error per item. If the batch fails, each of its items is tried alone."""
    items = [_item(kind, name, gsd_m) for kind, name in batch]
    embeddings = results_or_errors(engine.embed, [item for item in items if not isinstance(item, ImageError)])
    for item in items:
        yield item if isinstance(item, ImageError) else next(embeddings)


def _item(kind: str, name: str, gsd_m: float | None) -> str | KeyedPicture | ImageError:
    if kind == "text":
        return name
    try:
        image = open_image(Path(name))
    except ImageError as error:
        return error
    return KeyedPicture(image, image_sha256(image), gsd_m)
