"""Captions of one or two models as a page on which people rate them without knowing whose they are."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from ...data.image_files import ImageSource
from ...errors import DataError
from ..ask_all import spread
from ..report.page import data_url
from ..report.thumbnail import thumbnail
from ..result import EvaluationResult

_REFERENCES = 2  # of a picture's sentences; more would be a text to read


def sheet(results: Sequence[EvaluationResult], limit: int | None) -> str:
    """A page that needs no other file. The order of the candidates is drawn for each picture, the same at each call.

    results: captions of the same pictures; DataError for anything else. limit: at most so many pictures.
    """
    joined, source = spread(_joined(results), limit), results[0].pictures()
    cases = [_case(answers, source) for answers in joined]
    models = [f"{result.model} {result.weights_sha256[:12]}".strip() for result in results]
    told = {"models": models, "cases": cases}
    name = hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]
    data = json.dumps({"id": name, **told}, ensure_ascii=False).replace("</", "<\\/")
    return files(__package__).joinpath("sheet.html").read_text("utf-8").replace("__DATA__", data)


def _joined(results: Sequence[EvaluationResult]) -> list[list[dict[str, Any]]]:
    """For each picture that all have captioned: their answers, in the order of the results."""
    if any(result.kind != "captions" for result in results):
        raise DataError("A rating sheet is made of captions. Give files of `rsgpt evaluate captions --answers`.")
    named = [{one["filename"]: one for one in result.answers} for result in results]
    common = [name for name in named[0] if all(name in other for other in named)]
    if not common:
        raise DataError("The evaluations have no picture in common. Evaluate both on the same pictures.")
    return [[answers[name] for answers in named] for name in common]


def _case(answers: Sequence[dict[str, Any]], source: ImageSource) -> dict[str, Any]:
    """The same words of two models are one candidate: nobody rates them twice, or differently."""
    name = answers[0]["filename"]
    said: dict[str, list[int]] = {}
    for number, one in enumerate(answers):
        said.setdefault(one["caption"], []).append(number)
    candidates = [{"models": numbers, "caption": caption} for caption, numbers in said.items()]
    random.Random(name).shuffle(candidates)  # nosec B311 - an order to rate in is no secret
    return {
        "filename": name,
        "picture": data_url(thumbnail(source, name)),
        "references": answers[0]["references"][:_REFERENCES],
        "candidates": candidates,
    }
