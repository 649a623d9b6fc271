"""`rsgpt batch`: large rasters to polygons with captions and answers, resumable, without QGIS."""

from __future__ import annotations

import argparse
import time
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from rsgpt_plugin.shared.answers.answer_types import types_help
from rsgpt_plugin.shared.files.addresses import without_secrets

from ..errors import DataError, EngineError, ImageError, ModelError, UsageError
from ..model.config import ModelConfig
from ..model.registry import model_folder
from .model_options import add_features, add_model, caching_engine_from, share
from .printing import ResultPrinter, note

if TYPE_CHECKING:
    from ..batch.batch_run import Executor
    from ..batch.journal import BatchJournal
    from ..batch.tile_pictures import RasterPlan, TilingOptions
    from ..batch.tile_rows import BatchQuestions
    from ..engine.engine import Engine


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `batch` command."""
    parser = subparsers.add_parser(
        "batch",
        help="describe every tile of large rasters",
        description="Writes one polygon a tile: a caption, a typed column a question with its confidence, and what is "
        "needed to repeat it. Answers are kept beside the output as they come; run again, it asks what is missing.",
    )
    parser.add_argument("rasters", nargs="+", metavar="RASTER", help="a file, or an address that GDAL can read")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="a .gpkg or .parquet to write")
    parser.add_argument(
        "--question",
        action="append",
        default=[],
        metavar="Q",
        help=f"`name[type]: text`, with one of the types {types_help()}; may be given several times",
    )
    parser.add_argument("--caption", action=argparse.BooleanOptionalAction, default=True, help="write a caption")
    parser.add_argument("--prompt", default="", help="what to ask for the caption in place of the model's own prompt")
    parser.add_argument(
        "--least-confidence", type=share, default=0.0, metavar="0..1", help="an answer that is less sure is left out"
    )
    _add_cut(parser)
    add_model(parser)
    add_features(parser)
    parser.add_argument("--engine", choices=("local", "ray"), default="local", help="where the model runs")
    parser.add_argument(
        "--workers",
        type=int,
        default=1,
        metavar="N",
        help="engines at once, with --engine ray, of --threads cores each (1)",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.set_defaults(run=run)


def _add_cut(parser: argparse.ArgumentParser) -> None:
    """How rasters are cut and shown."""
    parser.add_argument("--tile", type=int, default=256, metavar="PIXELS", help="side of a tile")
    parser.add_argument("--overlap", type=float, default=0.0, metavar="PERCENT", help="of a tile's side")
    parser.add_argument(
        "--mask",
        default="",
        metavar="FILE",
        help="polygons; only tiles that overlap them are asked (FILE|layername=NAME names one of several layers)",
    )
    parser.add_argument(
        "--bands",
        type=_bands,
        default=(),
        metavar="R,G,B",
        help="three bands, or one for grey; an alpha band hides nothing if it is one of them",
    )


def run(args: argparse.Namespace) -> int:
    """Describe, write and print; 1 if a raster or a tile failed, or if it was stopped."""
    begun, cut = time.monotonic(), _cut(args)
    try:
        from ..batch.batch_run import BatchRun  # noqa: PLC0415
        from ..batch.vector_output import check_output  # noqa: PLC0415 - wrong use is told before anything large is imported
    except ModuleNotFoundError as error:
        raise _incomplete(error.name) from error
    check_output(args.out, [*args.rasters, args.mask])
    asking, way, output = _asking(args), _way(args), ResultPrinter(args.json)
    plans = _plans(args, cut, output)
    if not plans:
        return output.exit_code
    with BatchRun(plans, asking, args.out, begun, partial(_identify, args)) as one:
        try:
            one.ask(way)
        except KeyboardInterrupt:
            note("Stopped. Answers so far are kept and written; run the same again to go on.")
            output.failed += 1
        except EngineError as error:
            output.failure({}, error)
            note("Answers so far are kept and written; run the same again to go on.")
        counts = one.write().as_dict()
    text = "{tiles} tiles: {answered} answered, {skipped} skipped, {failed} failed; {cached} answers known from before."
    output.result(counts, text.format(**counts))
    return 1 if output.failed or counts["failed"] else 0


def _cut(args: argparse.Namespace) -> TilingOptions:
    for name, value, least, most in (("tile", args.tile, 16, 8192), ("overlap", args.overlap, 0, 90)):
        if not least <= value <= most:
            raise UsageError(f"--{name} is out of range. Give a number from {least} to {most}.")
    if args.workers < 1:
        raise UsageError("--workers is out of range. Give a number from 1.")
    try:
        from ..batch.tile_pictures import TilingOptions  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise _incomplete(error.name) from error
    return TilingOptions(args.tile, args.overlap, args.bands, args.mask)


def _asking(args: argparse.Namespace) -> BatchQuestions:
    from rsgpt_plugin.shared.answers.questions import parse_questions  # noqa: PLC0415

    from ..batch.tile_rows import BatchQuestions  # noqa: PLC0415

    questions = tuple(parse_questions("\n".join(args.question)))
    if not args.caption and not questions:
        raise UsageError("There is nothing to ask. Leave --no-caption out, or give a --question.")
    config = ModelConfig.read(model_folder(args.model))
    caption = (args.prompt.strip() or config.caption_prompt) if args.caption else ""
    return BatchQuestions(config.name, config.weights_sha256, caption, questions, args.least_confidence)


def _identify(args: argparse.Namespace, journal: BatchJournal) -> str:
    """Set the precision that every engine of this run is loaded in; returns the fingerprint of its answers.

    What `auto` chooses depends on the free memory, so a run that is resumed keeps the choice of its journal.
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
    from ..engine.loading import cluster_precision, fitting_precision  # noqa: PLC0415 - it imports torch

    if args.engine == "ray":
        return cluster_precision(args.model, args.device)
    return fitting_precision(args.model, args.precision, device=args.device)


def _engine(args: argparse.Namespace) -> Engine:
    """The engine, which must be the one whose fingerprint the answers are kept under."""
    engine = caching_engine_from(args)
    if engine.fingerprint != args.fingerprint:
        raise ModelError(f"The model {args.model} is another one than when this run began. Start the run again.")
    return engine


def _plans(args: argparse.Namespace, cut: TilingOptions, output: ResultPrinter) -> list[RasterPlan]:
    """The rasters that can be read; each of the others is told."""
    from ..batch.tile_pictures import make_plan  # noqa: PLC0415
    from ..batch.tile_polygons import check_output_crs  # noqa: PLC0415

    plans: list[RasterPlan] = []
    for source in args.rasters:
        try:
            plan = make_plan(source, cut)
            check_output_crs(source, plan.frame, plan.crs_wkt, (plans or [plan])[0].crs_wkt)
            plans.append(plan)
        except (ImageError, DataError) as error:
            output.failure({"raster": without_secrets(source)}, error)
    return plans


def _way(args: argparse.Namespace) -> Executor:
    """Where the model runs."""
    if args.engine == "local":
        from ..batch import local_executor  # noqa: PLC0415

        return lambda work, journal: local_executor.answered(work, partial(_engine, args), journal)
    if find_spec("ray") is None:
        raise _incomplete("ray")
    from ..batch import ray_executor  # noqa: PLC0415

    if args.device not in ("auto", "cpu", "cuda"):
        raise UsageError(f"Ray gives out GPUs itself, so --device cannot be {args.device}. Give cpu or cuda.")
    args.device = "cuda" if args.device == "cuda" else "cpu"  # a worker must not take a GPU that Ray does not know of
    args.threads = args.threads or 1  # not a share of the cores, so that rows do not depend on the number of workers
    cluster = ray_executor.RayCluster(args.workers, args.threads, gpus=int(args.device == "cuda"))
    return lambda work, journal: ray_executor.answered(work, partial(_engine, args), journal, cluster)


def _bands(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(","))


def _incomplete(package: str | None) -> UsageError:
    return UsageError(
        f"The package {package} is missing. Run `scripts/rsgpt batch`, which installs it, or "
        "`pip install rsgpt-backend[batch]`, with [batch,ray] for --engine ray."
    )
