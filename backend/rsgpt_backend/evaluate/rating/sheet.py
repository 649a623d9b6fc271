"""The rating sheet: an HTML page on which people rate the captions of one or more models blind."""

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

_REFERENCES = 2  # maximum number per picture, to limit the reading


def sheet(results: Sequence[EvaluationResult], limit: int | None) -> str:
    """Return a self-contained page. The order of the candidates of a picture is random, but the same in each call.

    results: evaluations of captions of the same pictures; limit: maximum number of pictures. Raises DataError for
    other results.
    """
    joined, source = spread(_joined(results), limit), results[0].pictures()
    cases = [_case(answers, source) for answers in joined]
    models = [f"{result.model} {result.weights_sha256[:12]}".strip() for result in results]
    content = {"models": models, "cases": cases}
    name = hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]
    data = json.dumps({"id": name, **content}, ensure_ascii=False).replace("</", "<\\/")
    return files(__package__).joinpath("sheet.html").read_text("utf-8").replace("__DATA__", data)


def _joined(results: Sequence[EvaluationResult]) -> list[list[dict[str, Any]]]:
    """Return for each picture that all models captioned the answers, in the order of the results."""
    if any(result.kind != "captions" for result in results):
        raise DataError("A rating sheet needs captions. Give files of `rsgpt evaluate captions --answers`.")
    by_name = [{answer["filename"]: answer for answer in result.answers} for result in results]
    common = [name for name in by_name[0] if all(name in answers for answers in by_name)]
    if not common:
        raise DataError("The evaluations have no picture in common. Evaluate both on the same pictures.")
    return [[answers[name] for answers in by_name] for name in common]


def _case(answers: Sequence[dict[str, Any]], source: ImageSource) -> dict[str, Any]:
    """Return the data of one picture; identical captions of two models become one candidate."""
    name = answers[0]["filename"]
    models: dict[str, list[int]] = {}
    for number, answer in enumerate(answers):
        models.setdefault(answer["caption"], []).append(number)
    candidates = [{"models": numbers, "caption": caption} for caption, numbers in models.items()]
    random.Random(name).shuffle(candidates)  # nosec B311 - the order of candidates is not a secret
    return {
        "filename": name,
        "picture": data_url(thumbnail(source, name)),
        "references": answers[0]["references"][:_REFERENCES],
        "candidates": candidates,
    }
