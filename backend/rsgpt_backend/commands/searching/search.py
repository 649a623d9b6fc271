"""`rsgpt search`: the pictures that match words or an example, best first."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rsgpt_plugin.shared.files.addresses import without_secrets

from ...errors import DataError, EngineError, ModelError, RsgptError, UsageError
from ..batch import TILE_SIDES, incomplete
from ..model_options import add_features, add_gsd, add_model, caching_engine_from, count_value, note_unused_gsd
from ..printing import ResultPrinter, note

if TYPE_CHECKING:
    from .searcher import Searcher, SearchResult
    from .tile_sources import RasterTiles

_MAX_TEXT_LENGTH = 4_000
_TOP = 10


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `search` command."""
    parser = subparsers.add_parser(
        "search",
        help="find the pictures that match words or an example",
        description="List the pictures that match words or an example, best first. What the model computes of a "
        "picture is stored, so that it is computed once; if the command is stopped, the next one continues.",
    )
    parser.add_argument("images", nargs="+", metavar="IMAGE", help="PNG, JPEG, or TIFF file, or a folder of them")
    parser.add_argument(
        "--query", action="append", default=[], metavar="TEXT", help="words to search for; can be repeated"
    )
    parser.add_argument("--queries", type=Path, metavar="FILE", help="text file with one query per line")
    parser.add_argument(
        "--like",
        action="append",
        default=[],
        metavar="IMAGE",
        help="picture to find similar ones of, or the name of a result; can be repeated",
    )
    parser.add_argument(
        "--results",
        type=Path,
        metavar="FILE",
        help="GeoPackage of results for these pictures or tiles; words are also compared with its captions and answers",
    )
    parser.add_argument(
        "--tile",
        type=int,
        metavar="PIXELS",
        help="search the tiles of georeferenced rasters with this side length instead of whole pictures",
    )
    parser.add_argument(
        "--top", type=count_value, default=_TOP, metavar="K", help=f"number of results per query ({_TOP})"
    )
    add_gsd(parser)
    add_model(parser)
    add_features(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object per query")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the best pictures of each query; return 1 if some pictures could not be read."""
    texts = _texts(args)
    from ...search.picture_index import PictureIndex, index_file  # noqa: PLC0415 - report wrong usage before numpy
    from ...search.result_captions import read_captions  # noqa: PLC0415
    from .picture_sources import files_of, picture_source  # noqa: PLC0415

    files = files_of(args.images)  # report an empty folder before the model is loaded
    captions = read_captions(args.results) if args.results else {}
    engine = caching_engine_from(args)
    if not engine.capabilities.embed:
        raise ModelError(f"{engine.name} has no matching head, so it cannot search. Choose another one with --model.")
    note_unused_gsd(args, engine)
    from .searcher import Searcher  # noqa: PLC0415 - after torch, which it imports

    gsd_m = args.gsd if engine.capabilities.gsd else None
    output = ResultPrinter(args.json)

    def report(name: str, error: RsgptError) -> None:
        output.failure({"image": without_secrets(name)}, error)

    with PictureIndex(index_file(), engine.fingerprint) as index:
        searcher = Searcher(engine, index)
        if args.tile:
            with _tiles(args.tile, engine.capabilities.gsd) as tiles:
                searcher.load(tiles.sources(files, report), report)
        else:
            searcher.load([picture_source(path, gsd_m) for path in files], report)
        if captions and texts:
            _load_captions(searcher, captions)
        for text in texts:
            try:
                _print(text, searcher.words(text, args.top), len(searcher), output)
            except EngineError as error:
                output.failure({"query": text}, error)
        for path in args.like:
            example = picture_source(path, gsd_m)
            result = searcher.like(example, args.top, lambda name, error: output.failure({"query": name}, error))
            if result is not None:
                _print(example.name, result, len(searcher), output)
    return output.exit_code


def _load_captions(searcher: Searcher, captions: Mapping[str, Sequence[str]]) -> None:
    from rsgpt_plugin.shared.search.sentence_model import SENTENCE_MODEL  # noqa: PLC0415 - see run

    from ...engine.sentences import NOT_INSTALLED, installed_sentence_model, load_sentence_model  # noqa: PLC0415
    from ...search.picture_index import PictureIndex, index_file  # noqa: PLC0415

    if not installed_sentence_model():
        note(f"Words are compared with pictures only. {NOT_INSTALLED}")
        return
    sentences = load_sentence_model()
    with PictureIndex(index_file(), SENTENCE_MODEL) as index:
        described = searcher.load_captions(captions, sentences, index)
    note(f"{described} of {len(searcher)} pictures have captions or answers in the results.")


def _tiles(size: int, reads_gsd: bool) -> RasterTiles:
    try:
        from .tile_sources import RasterTiles  # noqa: PLC0415 - needs packages that may be missing
    except ModuleNotFoundError as error:
        raise incomplete(error.name) from error
    return RasterTiles(size, reads_gsd)


def _texts(args: argparse.Namespace) -> list[str]:
    """Return the words to search for, each text once. Raises UsageError if there is nothing to search for."""
    texts = list(dict.fromkeys([*args.query, *(_lines(args.queries) if args.queries else [])]))
    if not texts and not args.like:
        raise UsageError("Give words with --query or --queries, or a picture with --like.")
    if args.tile is not None and not TILE_SIDES[0] <= args.tile <= TILE_SIDES[1]:
        raise UsageError(f"--tile is out of range. Give a number from {TILE_SIDES[0]} to {TILE_SIDES[1]}.")
    if not all(text.strip() and len(text) <= _MAX_TEXT_LENGTH for text in texts):
        raise UsageError(f"A query must have 1 to {_MAX_TEXT_LENGTH} characters. Enter words, or shorten it.")
    return texts


def _lines(path: Path) -> list[str]:
    """Return the lines of a file without empty ones. Raises DataError if it cannot be read."""
    try:
        return [line.strip() for line in path.read_text("utf-8-sig").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read as UTF-8 text ({error}). Check its path and its encoding.") from error


def _print(query: str, result: SearchResult, searched: int, output: ResultPrinter) -> None:
    scores = [{"image": name, "score": round(score, 4)} for name, score in result.pictures]
    heading = f"{query}: the best of {searched} pictures"
    if not result.found:
        heading = f"{query}: nothing that sure; the best of {searched} pictures" if scores else f"{query}: no pictures"
    lines = [heading, *(f"  {score:.2f}  {name}" for name, score in result.pictures)]
    output.result({"query": query, "results": scores, "found": result.found}, "\n".join(lines))
