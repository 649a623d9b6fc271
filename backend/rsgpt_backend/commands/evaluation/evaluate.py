"""`rsgpt evaluate`: the metrics of the paper on annotated pictures, calibration, reports, and rating sheets."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...data.scenes import QUESTION, scene_questions
from ...errors import UsageError
from ...evaluate.ask_all import AskOptions, EvaluatedModel, Scored
from ...evaluate.result import EvaluationResult, benchmark_name, is_result, read_result
from ..model_options import add_model, count_value, engine_from
from ..output_files import check_file, has_in_head, write_text
from ..printing import ResultPrinter, note
from .objects import add_objects_parser
from .retrieval import add_retrieval_parser

_TITLE = "How good are the answers?"
_REPORT = {"report.md": f"# {_TITLE}", "report.html": f"<title>{_TITLE}</title>"}  # marks of its own files
_SHEET = "<title>Rating sheet</title>"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `evaluate` command and its subcommands."""
    parser = subparsers.add_parser("evaluate", help="score a model on annotated pictures")
    kinds = parser.add_subparsers(dest="kind", required=True)
    for kind, text in (("captions", "BLEU, METEOR, ROUGE-L, CIDEr"), ("questions", "accuracy by kind of question")):
        part = kinds.add_parser(kind, help=text)
        part.add_argument("--images", type=Path, required=True, help="folder or zip file of pictures")
        part.add_argument("--annotations", type=Path, required=True, help="caption or question file")
        if kind == "captions":
            part.add_argument("--prompt", default="", help="prompt to use instead of the model's caption prompt")
        else:
            part.add_argument(
                "--grey", action="store_true", help="show plain gray pictures, to score what the questions give away"
            )
        _add_options(part)
        part.set_defaults(run=run, prompt="", grey=False)
    scenes = kinds.add_parser("scenes", help="accuracy by scene, for pictures sorted into folders")
    scenes.add_argument("--images", type=Path, required=True, help="folder with one folder of pictures per scene")
    scenes.add_argument("--prompt", default=QUESTION, help="question about each picture")
    scenes.add_argument(
        "--name",
        type=_names,
        action="append",
        default=[],
        metavar="FOLDER=NAME[,NAME]",
        help="correct answers for a folder, if its name is not the only correct answer",
    )
    _add_options(scenes)
    scenes.set_defaults(run=run_scenes)
    add_objects_parser(kinds)
    add_retrieval_parser(kinds)
    guesses = kinds.add_parser("baselines", help="accuracy of the most frequent training answers, without a model")
    guesses.add_argument("--training", type=Path, required=True, help="question file that a model was trained on")
    guesses.add_argument("--annotations", type=Path, required=True, help="question file to answer")
    guesses.add_argument("--json", action="store_true", help="print one JSON object")
    guesses.set_defaults(run=run_baselines)
    _add_result_parsers(kinds)


def _add_result_parsers(kinds: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommands that read finished evaluations."""
    calibrate = kinds.add_parser("calibrate", help="calibrate a model's confidences with validation results")
    calibrate.add_argument(
        "results", nargs="+", type=Path, metavar="FILE", help="file written by --answers, for validation data"
    )
    calibrate.add_argument("--model", type=Path, required=True, help="model folder; its model.json is changed")
    calibrate.set_defaults(run=calibrate_model)
    report = kinds.add_parser("report", help="combine evaluations in one report (Markdown and HTML)")
    report.add_argument("results", nargs="+", type=Path, metavar="FILE", help="file written by --answers")
    report.add_argument("--out", type=Path, required=True, help="folder for report.md and report.html")
    report.set_defaults(run=write_report)
    sheet = kinds.add_parser(
        "sheet", help="make a web page on which people rate the captions of one or two models blind"
    )
    sheet.add_argument("results", nargs="+", type=Path, metavar="FILE", help="file written by `captions --answers`")
    sheet.add_argument("--limit", type=count_value, help="maximum number of pictures, evenly spread")
    sheet.add_argument("--out", type=Path, required=True, help="HTML file to write")
    sheet.set_defaults(run=write_sheet)
    ratings = kinds.add_parser("ratings", help="summarize the ratings")
    ratings.add_argument("files", nargs="+", type=Path, metavar="FILE", help="file saved by the rating sheet")
    ratings.add_argument("--json", action="store_true", help="print one JSON object")
    ratings.set_defaults(run=summarize_ratings)


def _add_options(part: argparse.ArgumentParser) -> None:
    """Add the options for the model, the number of prompts, and the output."""
    add_model(part)
    part.add_argument("--url", help="OpenAI-compatible server of the model --model; its key is in RSGPT_API_KEY")
    part.add_argument("--beams", type=count_value, default=0, help="number of beams; 1 is greedy search")
    part.add_argument("--limit", type=count_value, help="maximum number of pictures or questions, evenly spread")
    part.add_argument("--answers", type=Path, help="JSON file for the scores and all answers")
    part.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Score captions or questions and print the scores."""
    from ...evaluate import caption_metrics, question_accuracy  # noqa: PLC0415 - report wrong usage before torch

    _check_answers(args, args.annotations)
    evaluate = {"captions": caption_metrics.evaluate, "questions": question_accuracy.evaluate}[args.kind]
    engine, options = _engine(args), AskOptions(args.limit, args.beams, args.prompt, args.grey)
    scored = evaluate(engine, args.images, args.annotations, options)
    return _print_and_save(args, engine, options, scored)


def run_baselines(args: argparse.Namespace) -> int:
    """Print the accuracy of the most frequent training answers."""
    from ...data.annotations import read_questions  # noqa: PLC0415
    from ...evaluate.baselines import baselines  # noqa: PLC0415

    scores = baselines(read_questions(args.training), read_questions(args.annotations))
    lines = [f"{'guess by':>10}  {'kind':>6}  {'words':>6}"]
    lines += [f"{kind:>10}  {share:6.2f}  {scores['words'][kind]:6.2f}" for kind, share in scores["kind"].items()]
    ResultPrinter(args.json).result(scores, "\n".join(lines))
    return 0


def run_scenes(args: argparse.Namespace) -> int:
    """Score the scene of each picture and print the scores."""
    from ...evaluate.question_accuracy import score_questions  # noqa: PLC0415 - report wrong usage before importing torch

    _check_answers(args)
    questions = scene_questions(args.images, dict(args.name), args.prompt)
    engine, options = _engine(args), AskOptions(args.limit, args.beams)
    return _print_and_save(args, engine, options, score_questions(engine, args.images, questions, options))


def _check_answers(args: argparse.Namespace, *inputs: Path) -> None:
    """Check the output file. Raises UsageError if it must not be replaced."""
    if args.answers:
        check_file(args.answers, [args.images, *inputs], is_result)


def _print_and_save(args: argparse.Namespace, engine: EvaluatedModel, options: AskOptions, scored: Scored) -> int:
    """Print the scores, and write them with the answers to the file of --answers."""
    scores, answers = scored
    output = ResultPrinter(args.json)
    output.result(scores, "\n".join(_lines(scores)))
    if args.answers:
        images = args.images.resolve()
        sorted_by_scene = args.kind == "scenes"
        kind = "questions" if sorted_by_scene else args.kind
        benchmark = images.name if sorted_by_scene else benchmark_name(args.annotations)
        name = ", ".join(part for part in (engine.name, options.label) if part)
        EvaluationResult(kind, benchmark, name, engine.weights_sha256, str(images), scores, answers).write(args.answers)
    return output.exit_code


def _engine(args: argparse.Namespace) -> EvaluatedModel:
    from ...evaluate.remote_predictor import RemoteEngine  # noqa: PLC0415 - report wrong usage before importing torch

    if args.url:
        if args.beams:
            raise UsageError("--beams has no effect on a server. Remove --beams or --url.")
        return RemoteEngine(args.url, args.model, os.environ.get("RSGPT_API_KEY", ""))
    return engine_from(args)


def calibrate_model(args: argparse.Namespace) -> int:
    """Write confidence scales and yes odds, fitted to finished evaluations, to the model's model.json."""
    from ...evaluate.calibration_fit import calibrate  # noqa: PLC0415 - imports numpy

    scales, odds = calibrate(args.model, [read_result(path) for path in args.results])
    lines = [f"{name:>10}  slope {slope:.3f}, offset {offset:+.3f}" for name, (slope, offset) in scales.items()]
    lines.append(f"{'yes':>10}  {odds:+.3f} to its log odds")
    ResultPrinter(False).result({**scales, "yes_odds": odds}, "\n".join(lines))
    return 0


def write_report(args: argparse.Namespace) -> int:
    """Combine finished evaluations in a report."""
    from ...evaluate.report.contents import contents  # noqa: PLC0415 - imports numpy and Pillow
    from ...evaluate.report.markdown import markdown  # noqa: PLC0415
    from ...evaluate.report.page import page  # noqa: PLC0415

    results = [read_result(path) for path in args.results]
    if any(result.kind == "objects" for result in results):
        raise UsageError("A report does not show evaluations of objects. Leave out the files of `evaluate objects`.")
    args.out.mkdir(parents=True, exist_ok=True)
    for name, mark in _REPORT.items():
        check_file(args.out / name, args.results, has_in_head(mark))
    blocks = contents(results)
    for name, text in (("report.md", markdown(_TITLE, blocks)), ("report.html", page(_TITLE, blocks))):
        write_text(args.out / name, text)
        note(f"Written: {args.out / name}")
    return 0


def write_sheet(args: argparse.Namespace) -> int:
    """Write the rating sheet, an HTML file that contains the pictures."""
    from ...evaluate.rating.sheet import sheet  # noqa: PLC0415 - imports numpy and Pillow

    check_file(args.out, args.results, has_in_head(_SHEET))
    write_text(args.out, sheet([read_result(path) for path in args.results], args.limit))
    note(f"Written: {args.out}. Open it in a browser.")
    return 0


def summarize_ratings(args: argparse.Namespace) -> int:
    """Print the mean ratings of each model and how often it was preferred."""
    from ...evaluate.rating.ratings import read_ratings, summary  # noqa: PLC0415 - as above

    result = summary([rating for path in args.files for rating in read_ratings(path)])
    lines = [
        f"{model:>24}  {name:<13}  {mean['mean']}  ({mean['interval'][0]} to {mean['interval'][1]})"
        for model, means in result["models"].items()
        for name, mean in means.items()
    ]
    for pair in result["preferred"]:
        lines.append("rated higher: " + ", ".join(f"{name} {count}" for name, count in pair.items()))
    ResultPrinter(args.json).result(result, "\n".join(lines))
    return 0


def _lines(scores: dict[str, Any]) -> Iterator[str]:
    """Yield one line per score, with its interval."""
    plain = {name: value for name, value in scores.items() if not isinstance(value, dict)}
    for name, value in {**plain, **scores.get("accuracy", {})}.items():
        ends = scores["intervals"].get(name)
        shown = "not measured: it needs Java" if value is None else value  # only METEOR can be None
        yield f"{name:>10}  {shown}" + (f"  ({ends[0]} to {ends[1]})" if ends else "")
    if "calibration" in scores:
        yield f"{'ECE':>10}  {scores['calibration']['ece']}"


def _names(text: str) -> tuple[str, list[str]]:
    folder, _, names = text.partition("=")
    answers = [name.strip() for name in names.split(",") if name.strip()]
    if not folder or not answers:
        raise argparse.ArgumentTypeError("write FOLDER=NAME, for example cIndustry=industrial area,factory")
    return folder, answers
