"""The contents of a report: scores of finished evaluations, compared with published ones, and the worst cases."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from importlib.resources import files
from typing import Any

from ..result import EvaluationResult
from .blocks import Block, Figure, Heading, PictureCase, PictureCases, Table, TextBlock
from .figures import bars, coverage_curve, reliability
from .thumbnail import thumbnail

WORST = 12
_METRICS = ("BLEU-1", "BLEU-4", "METEOR", "ROUGE-L", "CIDEr", "invented", "recalled")


def contents(results: Sequence[EvaluationResult]) -> list[Block]:
    """Return the blocks of a report: a section per benchmark, then the worst cases of each evaluation."""
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
    return f"Models: {', '.join(named)}. In brackets: 95\u00a0% intervals by bootstrap over pictures."


def _captions(benchmark: str, results: Sequence[EvaluationResult], others: Sequence[dict[str, Any]]) -> Iterator[Block]:
    yield Heading(f"Captions: {benchmark}")
    count = results[0].scores["images"]
    yield TextBlock(
        f"{count} pictures; all scores x 100, computed with pycocoevalcap. Invented: share of the objects in captions "
        "that no reference names. Recalled: share of the objects in most references that the captions name."
    )
    yield _compared(_METRICS, results, others)
    yield from _split_warning(benchmark, others)
    for result in results:
        yield from _calibrated(result, "A caption counts as correct if it invents no object.")


def _questions(
    benchmark: str, results: Sequence[EvaluationResult], others: Sequence[dict[str, Any]]
) -> Iterator[Block]:
    kinds = list(results[0].scores["accuracy"])
    yield Heading(f"Questions: {benchmark}")
    yield TextBlock(
        f"{results[0].scores['questions']} questions; exact match in % by kind; the average is over questions."
    )
    yield _compared(kinds, results, others)
    yield from _split_warning(benchmark, others)
    for result in results:
        yield from _accuracy_figures(result)


def _compared(names: Sequence[str], results: Sequence[EvaluationResult], others: Sequence[dict[str, Any]]) -> Table:
    rows = [[result.model, *(_score_text(result, name) for name in names), "measured"] for result in results]
    rows += [[other["model"], *(_number(other.get(name)) for name in names), other["source"]] for other in others]
    return Table(["Model", *names, "Source"], rows)


def _split_warning(benchmark: str, others: Sequence[dict[str, Any]]) -> Iterator[Block]:
    """Yield a warning if the published scores are for another split."""
    if others and benchmark.partition(", ")[2] not in ("", "test"):
        yield TextBlock("Published scores are for the test split, which has other pictures.")


def _accuracy_figures(result: EvaluationResult) -> Iterator[Block]:
    scores = result.scores
    rows = [(kind, value, scores["intervals"][kind]) for kind, value in scores["accuracy"].items()]
    yield Figure(f"{result.model}: accuracy by kind", bars(rows))
    yield from _calibrated(result, "")


def _calibrated(result: EvaluationResult, meaning: str) -> Iterator[Block]:
    measured = result.scores["calibration"]
    yield TextBlock(f"{result.model}: expected calibration error {measured['ece']:.1f} %. {meaning}".strip())
    yield Figure(f"{result.model}: accuracy by confidence", reliability(measured["bins"]))
    yield Figure(f"{result.model}: accuracy of the most confident answers", coverage_curve(measured["kept"]))
    header = ["Answers kept, %", "Accuracy, %", "Minimum confidence, %"]
    yield Table(header, [[f"{row[0]:.0f}", *map(_number, row[1:])] for row in measured["kept"]])


def _worst(result: EvaluationResult) -> Iterator[Block]:
    yield Heading(f"Worst cases: {result.benchmark}, {result.model}")
    if result.kind == "captions":
        yield TextBlock("The captions with the lowest CIDEr, lowest first.")
        worst, lines = sorted(result.answers, key=lambda answer: answer["CIDEr"])[:WORST], _caption_lines
    else:
        yield TextBlock("Wrong answers with the highest confidence, highest first.")
        wrong = [answer for answer in result.answers if not answer["correct"]]
        worst, lines = sorted(wrong, key=lambda answer: -answer["confidence"])[:WORST], _answer_lines
    source = result.pictures()
    names = [answer["filename"] for answer in worst]
    yield PictureCases(
        [PictureCase(name, thumbnail(source, name), lines(answer)) for name, answer in zip(names, worst, strict=True)]
    )


def _caption_lines(answer: dict[str, Any]) -> list[str]:
    return [f"Caption: {answer['caption']}", f"Reference: {answer['references'][0]}"]


def _answer_lines(answer: dict[str, Any]) -> list[str]:
    confidence = f"{answer['confidence']:.0%}"
    return [
        answer["question"],
        f"Answer: {answer['given']} (confidence {confidence})",
        f"Correct answer: {answer['answer']}",
    ]


def _score_text(result: EvaluationResult, name: str) -> str:
    value = result.scores.get(name, result.scores.get("accuracy", {}).get(name))
    ends = result.scores["intervals"].get(name)
    return _number(value) + (f" [{ends[0]:.1f},\u00a0{ends[1]:.1f}]" if ends else "")


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"
