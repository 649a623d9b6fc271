"""`rsgpt batch`: descriptions of the tiles of large rasters, or their objects, without QGIS; can be resumed."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from rsgpt_plugin.shared.answers.answer_types import types_help
from rsgpt_plugin.shared.files.addresses import without_secrets

from ..errors import DataError, EngineError, ImageError, ModelError, UsageError
from ..model.config import ModelConfig
from ..model.registry import is_shipped, model_folder
from .find import check_nouns
from .model_options import add_features, add_model, caching_engine_from, confidence_value
from .printing import ResultPrinter, note

if TYPE_CHECKING:
    from ..batch.batch_run import BatchRun, Executor
    from ..batch.journal import BatchJournal
    from ..batch.objects.find_run import FindRun
    from ..batch.objects.object_rows import ObjectSearch
    from ..batch.objects.search_plan import SearchedRaster
    from ..batch.tile_answers import AnsweringEngine
    from ..batch.tile_pictures import RasterPlan
    from ..batch.tile_rows import BatchQuestions
    from ..engine.engine import Engine
    from ..engine.heads.finding import WindowFinder

Made = TypeVar("Made")
TILE_SIDES = (16, 8192)  # pixels, smallest and largest
_TILE = 256  # pixels


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `batch` command."""
    parser = subparsers.add_parser(
        "batch",
        help="describe every tile of large rasters",
        description="Write one polygon per tile with a caption, one typed column per question with its confidence, and "
        "the data needed to reproduce it. Answers are saved next to the output as they arrive; run the same command "
        "again to ask only what is missing. With --find, write one point per object instead.",
    )
    parser.add_argument("rasters", nargs="+", metavar="RASTER", help="file, or address that GDAL can read")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help=".gpkg or .parquet file to write")
    parser.add_argument(
        "--question",
        action="append",
        default=[],
        metavar="Q",
        help=f"`name[type]: text`, with one of the types {types_help()}; can be repeated",
    )
    parser.add_argument(
        "--caption",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="write a caption per tile, or only answers",
    )
    _add_finding(parser)
    parser.add_argument("--prompt", default="", help="prompt to use instead of the model's caption prompt")
    parser.add_argument(
        "--least-confidence",
        type=confidence_value,
        default=0.0,
        metavar="0..1",
        help="minimum confidence; less certain answers are left empty",
    )
    _add_tiling(parser)
    add_model(parser)
    add_features(parser)
    parser.add_argument(
        "--engine", choices=("local", "ray"), default="local", help="run the model here or on a Ray cluster"
    )
    parser.add_argument(
        "--workers",
        type=int,
        default=1,
        metavar="N",
        help="number of workers for --engine ray, with --threads cores each (1)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def _add_finding(parser: argparse.ArgumentParser) -> None:
    """Add the options for finding objects."""
    parser.add_argument(
        "--find",
        action="append",
        default=[],
        metavar="NOUN",
        help="find objects instead of describing tiles, for example airplane, in each raster by itself; "
        "can be repeated",
    )
    parser.add_argument("--boxes", action="store_true", help="with --find, write the box of each object as a polygon")


def _add_tiling(parser: argparse.ArgumentParser) -> None:
    """Add the options for tiles, the mask, and bands."""
    parser.add_argument("--tile", type=int, metavar="PIXELS", help=f"side length of a tile ({_TILE})")
    parser.add_argument(
        "--overlap",
        type=float,
        metavar="PERCENT",
        help="overlap of tiles, in percent of the side length (0)",
    )
    parser.add_argument(
        "--mask",
        default="",
        metavar="FILE",
        help="polygon layer; only tiles that overlap it, or objects in it, count (FILE|layername=NAME selects a layer)",
    )
    parser.add_argument(
        "--bands",
        type=_bands,
        default=(),
        metavar="R,G,B",
        help="three bands, or one for grayscale; a listed alpha band is shown and does not mask pixels",
    )


def run(args: argparse.Namespace) -> int:
    """Describe or search the rasters; return 1 if a raster or a tile failed, or if the run was stopped."""
    started = time.monotonic()
    _check_usage(args)
    try:
        from ..batch.batch_run import BatchRun  # noqa: PLC0415
        from ..batch.objects.find_run import FindRun, layer_of  # noqa: PLC0415
        from ..batch.vector_output import TILES, check_output  # noqa: PLC0415 - report wrong usage before large imports
    except ModuleNotFoundError as error:
        raise incomplete(error.name) from error
    check_output(args.out, [*args.rasters, args.mask], layer_of(args.boxes) if args.find else TILES)
    output, identify = ResultPrinter(args.json), partial(_identify, args)
    if args.find:
        search, executor = _object_search(args), _executor(args, _window_finder)
        rasters = _searches(args, output)
        return _finish(FindRun(rasters, search, args.out, started, identify), executor, output) if rasters else 1
    questions, executor = _batch_questions(args), _executor(args, _engine)
    plans = _plans(args, output)
    return _finish(BatchRun(plans, questions, args.out, started, identify), executor, output) if plans else 1


def _check_usage(args: argparse.Namespace) -> None:
    """Raise UsageError if options contradict each other or are out of range, QuestionError for an unknown object."""
    if args.find and (args.question or args.prompt):
        raise UsageError("--find and --question write different layers. Run `rsgpt batch` once for each of them.")
    if args.find and (args.tile is not None or args.overlap is not None):
        raise UsageError(
            "--find searches windows of its own, so that objects do not depend on tiles. Remove --tile and --overlap."
        )
    if args.find and args.engine == "ray":
        raise UsageError("--find runs on this machine only. Remove --engine ray.")
    if args.boxes and not args.find:
        raise UsageError("--boxes belongs to objects. Add --find, or remove --boxes.")
    args.tile, args.overlap = _TILE if args.tile is None else args.tile, args.overlap or 0.0
    for name, value, minimum, maximum in (("tile", args.tile, *TILE_SIDES), ("overlap", args.overlap, 0, 90)):
        if not minimum <= value <= maximum:
            raise UsageError(f"--{name} is out of range. Give a number from {minimum} to {maximum}.")
    if args.workers < 1:
        raise UsageError("--workers is out of range. Give at least 1.")


def _finish(run: BatchRun | FindRun, executor: Executor, output: ResultPrinter) -> int:
    """Ask what is missing, write the output, and return the exit code."""
    with run:
        try:
            run.ask(executor)
        except KeyboardInterrupt:
            note("Stopped. The answers so far are saved; run the same command again to resume.")
            output.failed += 1
        except EngineError as error:
            output.failure({}, error)
            note("The answers so far are saved; run the same command again to resume.")
        counts = run.write()
    output.result(counts.as_dict(), counts.text())
    return 1 if output.failed or counts.failed else 0


def _object_search(args: argparse.Namespace) -> ObjectSearch:
    """Raises ModelError if the model has no finder, QuestionError for an object that it does not know."""
    from ..batch.objects.object_rows import ObjectSearch  # noqa: PLC0415

    labels = tuple(dict.fromkeys(check_nouns(args.model, args.find)))
    config = ModelConfig.read(model_folder(args.model))
    unboxed = [label for label in labels if label not in config.require_finder().boxed]
    if args.boxes and unboxed:
        raise UsageError(f"{config.name} has not learned boxes of: {', '.join(unboxed)}. Remove --boxes.")
    return ObjectSearch(config.name, config.weights_sha256, labels, args.least_confidence, args.boxes)


def _batch_questions(args: argparse.Namespace) -> BatchQuestions:
    from rsgpt_plugin.shared.answers.questions import parse_questions  # noqa: PLC0415

    from ..batch.tile_rows import BatchQuestions  # noqa: PLC0415

    questions = tuple(parse_questions("\n".join(args.question)))
    if not args.caption and not questions:
        raise UsageError("There is nothing to ask. Remove --no-caption, or give a --question.")
    config = ModelConfig.read(model_folder(args.model))
    caption = (args.prompt.strip() or config.caption_prompt) if args.caption else ""
    return BatchQuestions(
        config.name,
        config.weights_sha256,
        caption,
        questions,
        args.least_confidence,
        reads_gsd=config.reads_gsd,
        is_shipped=is_shipped(args.model),
    )


def _identify(args: argparse.Namespace, journal: BatchJournal) -> str:
    """Set the precision in which every engine of this run is loaded, and return the fingerprint of its answers.

    The choice of `auto` depends on the free memory, so a resumed run keeps the precision noted in its journal.
    """
    from ..model.fingerprint import fingerprint  # noqa: PLC0415

    folder = model_folder(args.model)
    config = ModelConfig.read(folder)
    if args.precision == "auto":
        key = f"{config.weights_sha256} {config.language.sha256} {args.engine} {args.device}"
        args.precision = journal.precision(key) or _best_precision(args)
        journal.set_precision(key, args.precision)
    args.fingerprint = fingerprint(config, folder, args.precision)
    return str(args.fingerprint)


def _best_precision(args: argparse.Namespace) -> str:
    from ..engine.loading import cluster_precision, fitting_precision  # noqa: PLC0415 - imports torch

    if args.engine == "ray":
        return cluster_precision(args.model, args.device)
    return fitting_precision(args.model, args.precision, device=args.device)


def _window_finder(args: argparse.Namespace) -> WindowFinder:
    from ..engine.heads.finding import WindowFinder  # noqa: PLC0415 - imports torch

    return WindowFinder(_engine(args).model)


def _engine(args: argparse.Namespace) -> Engine:
    """Load the engine. Raises ModelError if its fingerprint differs from the one the answers are saved under."""
    engine = caching_engine_from(args)
    if engine.fingerprint != args.fingerprint:
        raise ModelError(f"The model {args.model} has changed since this run started. Start the run again.")
    return engine


def _plans(args: argparse.Namespace, output: ResultPrinter) -> list[RasterPlan]:
    from ..batch.tile_pictures import TilingOptions, make_plan  # noqa: PLC0415

    tiling = TilingOptions(args.tile, args.overlap, args.bands, args.mask)
    return list(_usable(args, output, lambda source: (plan := make_plan(source, tiling), plan)))


def _searches(args: argparse.Namespace, output: ResultPrinter) -> list[SearchedRaster]:
    from ..batch.objects.search_plan import SearchOptions, make_search  # noqa: PLC0415
    from ..model.heads.finder.search import padding_color  # noqa: PLC0415 - imports torch

    config = ModelConfig.read(model_folder(args.model))
    finder, fill = config.require_finder(), padding_color(config.vision.mean)
    options = SearchOptions(finder.max_side, finder.finest_gsd_m, args.bands, args.mask, fill)
    return list(_usable(args, output, lambda source: (search := make_search(source, options), search.plan)))


def _usable(
    args: argparse.Namespace, output: ResultPrinter, make: Callable[[str], tuple[Made, RasterPlan]]
) -> Iterator[Made]:
    """Yield what is made of the rasters that can be read, and report the others. make: also returns the plan."""
    from ..batch.tile_polygons import check_output_crs  # noqa: PLC0415

    output_wkt = ""
    for source in args.rasters:
        try:
            made, plan = make(source)
            check_output_crs(source, plan.frame, plan.crs_wkt, output_wkt or plan.crs_wkt)
        except (ImageError, DataError) as error:
            output.failure({"raster": without_secrets(source)}, error)
        else:
            output_wkt = output_wkt or plan.crs_wkt
            yield made


def _executor(args: argparse.Namespace, load: Callable[[argparse.Namespace], AnsweringEngine]) -> Executor:
    if args.engine == "local":
        from ..batch import local_executor  # noqa: PLC0415

        return lambda work, journal: local_executor.answered(work, partial(load, args), journal)
    if find_spec("ray") is None:
        raise incomplete("ray")
    from ..batch import ray_executor  # noqa: PLC0415

    if args.device not in ("auto", "cpu", "cuda"):
        raise UsageError(f"Ray assigns GPUs itself, so --device cannot be {args.device}. Give cpu or cuda.")
    args.device = "cuda" if args.device == "cuda" else "cpu"  # a worker must not use a GPU that Ray did not assign
    args.threads = args.threads or 1  # fixed, so that rows do not depend on the number of workers
    cluster = ray_executor.RayCluster(args.workers, args.threads, gpus=int(args.device == "cuda"))
    return lambda work, journal: ray_executor.answered(work, partial(load, args), journal, cluster)


def _bands(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(","))


def incomplete(package: str | None) -> UsageError:
    """Return the error for a missing package of those that rasters need."""
    return UsageError(
        f"The package {package} is missing. Run `scripts/rsgpt batch`, which installs it, or "
        "`pip install rsgpt-backend[batch]` ([batch,ray] for --engine ray)."
    )
