"""What a report tells of finished evaluations, beside what others have published. It knows no format."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from importlib.resources import files
from typing import Any

from ..result import EvaluationResult
from .blocks import Block, Figure, Heading, PictureCase, PictureCases, Table, TextBlock
from .figures import bars, kept, reliability
from .thumbnail import thumbnail

WORST = 12
_METRICS = ("BLEU-1", "BLEU-4", "METEOR", "ROUGE-L", "CIDEr", "invented", "recalled")


def contents(results: Sequence[EvaluationResult]) -> list[Block]:
    """The blocks of a report: a part for each benchmark, then the worst cases of each evaluation."""
    published = json.loads(files(__package__).joinpath("published.json").read_text("utf-8"))
    parts: dict[tuple[str, str], list[EvaluationResult]] = defaultdict(list)
    for result in results:
        parts[result.kind, result.benchmark].append(result)
    blocks: list[Block] = [TextBlock(_models(results))]
    for (kind, benchmark), group in parts.items():
        others = published[kind].get(benchmark.split(",")[0], [])
        blocks += (_captions if kind == "captions" else _questions)(benchmark, group, others)
    for result in results:
        blocks += _worst(result)
    return blocks


def _models(results: Sequence[EvaluationResult]) -> str:
    named = dict.fromkeys(f"{result.model} (weights {result.weights_sha256[:12] or 'unknown'})" for result in results)
    return f"Models: {', '.join(named)}. In brackets: 95\u00a0% intervals, by bootstrap over pictures."


def _captions(benchmark: str, results: Sequence[EvaluationResult], others: Sequence[dict[str, Any]]) -> Iterator[Block]:
    yield Heading(f"Captions: {benchmark}")
    count = results[0].scores["images"]
    yield TextBlock(
        f"{count} pictures; each figure x 100, by pycocoevalcap. Invented: of the objects that captions name, those "
        "that no reference names; recalled: of those that most references name, those that captions name."
    )
    yield _compared(_METRICS, results, others)
    yield from _apart(benchmark, others)
    for result in results:
        yield from _calibrated(result, "A caption is right here where it invents no object.")


def _questions(
    benchmark: str, results: Sequence[EvaluationResult], others: Sequence[dict[str, Any]]
) -> Iterator[Block]:
    kinds = list(results[0].scores["accuracy"])
    yield Heading(f"Questions: {benchmark}")
    yield TextBlock(
        f"{results[0].scores['questions']} questions; exact match, %, by kind; the average is over questions."
    )
    yield _compared(kinds, results, others)
    yield from _apart(benchmark, others)
    for result in results:
        yield from _drawn(result)


def _compared(names: Sequence[str], results: Sequence[EvaluationResult], others: Sequence[dict[str, Any]]) -> Table:
    rows = [[result.model, *(_figure(result, name) for name in names), "measured"] for result in results]
    rows += [[one["model"], *(_number(one.get(name)) for name in names), one["source"]] for one in others]
    return Table(["Model", *names, "Source"], rows)


def _apart(benchmark: str, others: Sequence[dict[str, Any]]) -> Iterator[Block]:
    """A warning where another split than theirs was measured."""
    if others and benchmark.partition(", ")[2] not in ("", "test"):
        yield TextBlock("Figures of others are of the test split: of other pictures than these.")


def _drawn(result: EvaluationResult) -> Iterator[Block]:
    scores = result.scores
    rows = [(kind, value, scores["intervals"][kind]) for kind, value in scores["accuracy"].items()]
    yield Figure(f"{result.model}: accuracy by kind", bars(rows))
    yield from _calibrated(result, "")


def _calibrated(result: EvaluationResult, meaning: str) -> Iterator[Block]:
    told = result.scores["calibration"]
    yield TextBlock(f"{result.model}: expected calibration error {told['ece']:.1f} %. {meaning}".strip())
    yield Figure(f"{result.model}: accuracy by confidence", reliability(told["bins"]))
    yield Figure(f"{result.model}: accuracy of the surest answers", kept(told["kept"]))
    header = ["Answers kept, %", "Accuracy, %", "Least confidence, %"]
    yield Table(header, [[f"{row[0]:.0f}", *map(_number, row[1:])] for row in told["kept"]])


def _worst(result: EvaluationResult) -> Iterator[Block]:
    yield Heading(f"Worst cases: {result.benchmark}, {result.model}")
    if result.kind == "captions":
        yield TextBlock("The captions with the lowest CIDEr, least first.")
        worst, lines = sorted(result.answers, key=lambda one: one["CIDEr"])[:WORST], _told_caption
    else:
        yield TextBlock("Wrong answers with the highest confidence, surest first.")
        wrong = [one for one in result.answers if not one["correct"]]
        worst, lines = sorted(wrong, key=lambda one: -one["confidence"])[:WORST], _told_answer
    source = result.pictures()
    yield PictureCases([PictureCase(one["filename"], thumbnail(source, one["filename"]), lines(one)) for one in worst])


def _told_caption(one: dict[str, Any]) -> list[str]:
    return [f"Caption: {one['caption']}", f"Reference: {one['references'][0]}"]


def _told_answer(one: dict[str, Any]) -> list[str]:
    return [one["question"], f"Answer: {one['given']} ({one['confidence']:.0%} sure)", f"True: {one['answer']}"]


def _figure(result: EvaluationResult, name: str) -> str:
    value = result.scores.get(name, result.scores.get("accuracy", {}).get(name))
    ends = result.scores["intervals"].get(name)
    return _number(value) + (f" [{ends[0]:.1f},\u00a0{ends[1]:.1f}]" if ends else "")


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"
