"""`rsgpt evaluate`: the paper's measures over annotated pictures, and a report of them."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..data.scenes import QUESTION, scene_questions
from ..errors import UsageError
from ..evaluate.ask_all import AskOptions, EvaluatedModel, Scored
from ..evaluate.result import EvaluationResult, benchmark_name, is_result, read_result
from .model_options import add_model, engine_from
from .output_files import begins_with, check_file, write_text
from .printing import ResultPrinter, note

_TITLE = "How good are the answers?"
_REPORT = {"report.md": f"# {_TITLE}", "report.html": f"<title>{_TITLE}</title>"}  # how its files begin
_SHEET = "<title>Rating sheet</title>"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `evaluate` command and its kinds."""
    parser = subparsers.add_parser("evaluate", help="score a model on annotated pictures")
    kinds = parser.add_subparsers(dest="kind", required=True)
    for kind, text in (("captions", "BLEU, METEOR, ROUGE-L, CIDEr"), ("questions", "accuracy by kind of question")):
        part = kinds.add_parser(kind, help=text)
        part.add_argument("--images", type=Path, required=True, help="a folder or zip of pictures")
        part.add_argument("--annotations", type=Path, required=True, help="a caption or question file")
        if kind == "captions":
            part.add_argument("--prompt", default="", help="what to ask in place of the model's own prompt")
        else:
            part.add_argument(
                "--grey", action="store_true", help="show a grey picture in place of each: what the questions give away"
            )
        _add_manner(part)
        part.set_defaults(run=run, prompt="", grey=False)
    scenes = kinds.add_parser("scenes", help="accuracy by scene, of pictures sorted into folders")
    scenes.add_argument("--images", type=Path, required=True, help="a folder with one folder of pictures a scene")
    scenes.add_argument("--prompt", default=QUESTION, help="what to ask of each picture")
    scenes.add_argument(
        "--name",
        type=_names,
        action="append",
        default=[],
        metavar="FOLDER=NAME[,NAME]",
        help="answers that are right for a folder, where its name is none or not the only one",
    )
    _add_manner(scenes)
    scenes.set_defaults(run=run_scenes)
    guesses = kinds.add_parser("baselines", help="accuracy of guesses from training questions, without a model")
    guesses.add_argument("--training", type=Path, required=True, help="the question file that a model learned from")
    guesses.add_argument("--annotations", type=Path, required=True, help="the question file to answer")
    guesses.add_argument("--json", action="store_true", help="one JSON object")
    guesses.set_defaults(run=guess)
    calibrate = kinds.add_parser("calibrate", help="make a model's confidences mean what they say")
    calibrate.add_argument("results", nargs="+", type=Path, metavar="FILE", help="of it, on validation data")
    calibrate.add_argument("--model", type=Path, required=True, help="the model's folder; its model.json is changed")
    calibrate.set_defaults(run=calibrate_model)
    report = kinds.add_parser("report", help="join evaluations in one report, as Markdown and as a page")
    report.add_argument("results", nargs="+", type=Path, metavar="FILE", help="what --answers has written")
    report.add_argument("--out", type=Path, required=True, help="a folder for report.md and report.html")
    report.set_defaults(run=write_report)
    sheet = kinds.add_parser("sheet", help="make a page on which people rate captions of one or two models, blind")
    sheet.add_argument("results", nargs="+", type=Path, metavar="FILE", help="what `captions --answers` has written")
    sheet.add_argument("--limit", type=_count, help="only so many pictures, evenly spread")
    sheet.add_argument("--out", type=Path, required=True, help="the HTML file to write")
    sheet.set_defaults(run=write_sheet)
    ratings = kinds.add_parser("ratings", help="sum up what people have rated")
    ratings.add_argument("files", nargs="+", type=Path, metavar="FILE", help="what the rating sheet has saved")
    ratings.add_argument("--json", action="store_true", help="one JSON object")
    ratings.set_defaults(run=sum_up)


def _add_manner(part: argparse.ArgumentParser) -> None:
    """Who is asked, how, and where the answers go."""
    add_model(part)
    part.add_argument("--url", help="ask this OpenAI-compatible server; --model is its model, RSGPT_API_KEY its key")
    part.add_argument("--beams", type=_count, default=0, help="answers followed at once; 1 is greedy")
    part.add_argument("--limit", type=_count, help="only so many pictures or questions, evenly spread")
    part.add_argument("--answers", type=Path, help="also write the scores and every answer to this JSON file")
    part.add_argument("--json", action="store_true", help="one JSON object")


def run(args: argparse.Namespace) -> int:
    """Score captions or questions, and print."""
    from ..evaluate import caption_metrics, question_accuracy  # noqa: PLC0415 - wrong use is told before torch is imported

    _check_answers(args, args.annotations)
    evaluate = {"captions": caption_metrics.evaluate, "questions": question_accuracy.evaluate}[args.kind]
    engine, manner = _engine(args), AskOptions(args.limit, args.beams, args.prompt, args.grey)
    scored = evaluate(engine, args.images, args.annotations, manner)
    return _told(args, engine, manner, scored)


def guess(args: argparse.Namespace) -> int:
    """Print what the most frequent answers score."""
    from ..data.annotations import read_questions  # noqa: PLC0415
    from ..evaluate.baselines import baselines  # noqa: PLC0415

    found = baselines(read_questions(args.training), read_questions(args.annotations))
    lines = [f"{'guess by':>10}  {'kind':>6}  {'words':>6}"]
    lines += [f"{kind:>10}  {share:6.2f}  {found['words'][kind]:6.2f}" for kind, share in found["kind"].items()]
    ResultPrinter(args.json).result(found, "\n".join(lines))
    return 0


def run_scenes(args: argparse.Namespace) -> int:
    """Score the scene of each picture, and print."""
    from ..evaluate.question_accuracy import scored  # noqa: PLC0415 - wrong use is told before torch is imported

    _check_answers(args)
    asked = scene_questions(args.images, dict(args.name), args.prompt)
    engine, manner = _engine(args), AskOptions(args.limit, args.beams)
    return _told(args, engine, manner, scored(engine, args.images, asked, manner))


def _check_answers(args: argparse.Namespace, *inputs: Path) -> None:
    """Before anything is asked."""
    if args.answers:
        check_file(args.answers, [args.images, *inputs], is_result)


def _told(args: argparse.Namespace, engine: EvaluatedModel, manner: AskOptions, scored: Scored) -> int:
    """Print the scores, and keep them with the answers where that is asked for."""
    scores, answers = scored
    output = ResultPrinter(args.json)
    output.result(scores, "\n".join(_lines(scores)))
    if args.answers:
        images = args.images.resolve()
        sorted_by_scene = args.kind == "scenes"
        kind = "questions" if sorted_by_scene else args.kind
        benchmark = images.name if sorted_by_scene else benchmark_name(args.annotations)
        name = ", ".join(part for part in (engine.name, manner.label) if part)
        EvaluationResult(kind, benchmark, name, engine.weights_sha256, str(images), scores, answers).write(args.answers)
    return output.exit_code


def _engine(args: argparse.Namespace) -> EvaluatedModel:
    from ..evaluate.remote_predictor import RemoteEngine  # noqa: PLC0415 - wrong use is told before torch is imported

    if args.url:
        if args.beams:
            raise UsageError("A server searches as it is set up to. Leave --beams out, or --url.")
        return RemoteEngine(args.url, args.model, os.environ.get("RSGPT_API_KEY", ""))
    return engine_from(args)


def calibrate_model(args: argparse.Namespace) -> int:
    """Write the scales, and the odds of a yes, into the model's own file; nothing is asked again."""
    from ..evaluate.calibration_fit import calibrate  # noqa: PLC0415 - numpy only where it is needed

    scales, odds = calibrate(args.model, [read_result(path) for path in args.results])
    lines = [f"{name:>10}  slope {slope:.3f}, offset {offset:+.3f}" for name, (slope, offset) in scales.items()]
    lines.append(f"{'yes':>10}  {odds:+.3f} to its log odds")
    ResultPrinter(False).result({**scales, "yes_odds": odds}, "\n".join(lines))
    return 0


def write_report(args: argparse.Namespace) -> int:
    """Join finished evaluations; nothing is asked again."""
    from ..evaluate.report.contents import contents  # noqa: PLC0415 - numpy and Pillow only where they are needed
    from ..evaluate.report.markdown import markdown  # noqa: PLC0415
    from ..evaluate.report.page import page  # noqa: PLC0415

    results = [read_result(path) for path in args.results]
    args.out.mkdir(parents=True, exist_ok=True)
    for name, begin in _REPORT.items():
        check_file(args.out / name, args.results, begins_with(begin))
    blocks = contents(results)
    for name, text in (("report.md", markdown(_TITLE, blocks)), ("report.html", page(_TITLE, blocks))):
        write_text(args.out / name, text)
        note(f"Written: {args.out / name}")
    return 0


def write_sheet(args: argparse.Namespace) -> int:
    """Make the page; the pictures are inside it."""
    from ..evaluate.rating.sheet import sheet  # noqa: PLC0415 - numpy and Pillow only where they are needed

    check_file(args.out, args.results, begins_with(_SHEET))
    write_text(args.out, sheet([read_result(path) for path in args.results], args.limit))
    note(f"Written: {args.out}. Open it in a browser.")
    return 0


def sum_up(args: argparse.Namespace) -> int:
    """Print means by model."""
    from ..evaluate.rating.ratings import read_ratings, summary  # noqa: PLC0415 - as above

    found = summary([rating for path in args.files for rating in read_ratings(path)])
    lines = [
        f"{model:>24}  {name:<13}  {told['mean']}  ({told['interval'][0]} to {told['interval'][1]})"
        for model, means in found["models"].items()
        for name, told in means.items()
    ]
    for pair in found["preferred"]:
        lines.append("rated higher: " + ", ".join(f"{name} {count}" for name, count in pair.items()))
    ResultPrinter(args.json).result(found, "\n".join(lines))
    return 0


def _lines(scores: dict[str, Any]) -> Iterator[str]:
    """A line for each figure, with its interval."""
    plain = {name: value for name, value in scores.items() if not isinstance(value, dict)}
    for name, value in {**plain, **scores.get("accuracy", {})}.items():
        ends = scores["intervals"].get(name)
        told = "not measured: it needs Java" if value is None else value  # METEOR's alone may be missing
        yield f"{name:>10}  {told}" + (f"  ({ends[0]} to {ends[1]})" if ends else "")
    if "calibration" in scores:
        yield f"{'ECE':>10}  {scores['calibration']['ece']}"


def _names(text: str) -> tuple[str, list[str]]:
    folder, _, names = text.partition("=")
    right = [name.strip() for name in names.split(",") if name.strip()]
    if not folder or not right:
        raise argparse.ArgumentTypeError("write FOLDER=NAME, for example cIndustry=industrial area,factory")
    return folder, right


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError("write a whole number from 1")
    return count
