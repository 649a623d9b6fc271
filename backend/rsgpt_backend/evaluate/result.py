"""A finished evaluation as a file: what was measured, on what, and every answer. It computes nothing."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rsgpt_plugin.shared.files.atomic_file import replace_atomically

from ..data.image_files import ImageSource
from ..errors import DataError
from ..strict_json import json_text, parse_json


@dataclass(frozen=True)
class EvaluationResult:
    """One evaluation. kind: captions or questions; benchmark: data set and split; answers: one a picture or question.

    images: where the pictures lay, so that a report can show them.
    """

    kind: str
    benchmark: str
    model: str
    weights_sha256: str
    images: str
    scores: dict[str, Any]
    answers: list[dict[str, Any]]

    def pictures(self) -> ImageSource:
        """The pictures that were asked about; DataError where they are no longer there."""
        try:
            return ImageSource(Path(self.images))
        except DataError as error:
            raise DataError(
                f"The pictures of {self.benchmark} have moved. Evaluate again, or put them back. {error}"
            ) from error

    def write(self, path: Path) -> None:
        """As JSON, UTF-8; a file that was there is replaced at once."""
        with replace_atomically(path) as draft:
            draft.write_text(json_text(asdict(self), indent=1), encoding="utf-8")


def read_result(path: Path) -> EvaluationResult:
    """What `write` has written; DataError for anything else."""
    try:
        return EvaluationResult(**parse_json(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise DataError(f"{path} holds no evaluation. Make one with `rsgpt evaluate … --answers FILE`.") from error


def is_result(path: Path) -> bool:
    """Whether a file holds an evaluation."""
    try:
        read_result(path)
    except DataError:
        return False
    return True


_PLAIN = ("annotations", "captions")  # how RSIEval and RSICap name their file: the folder tells which it is


def benchmark_name(annotations: Path) -> str:
    """Data set and split as the annotation file names them, else the file's own name, or that of its folder."""
    path = annotations.resolve()
    stem = path.parent.name if path.stem in _PLAIN else path.stem
    try:
        data = parse_json(annotations.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return stem
    names = [data.get("dataset"), data.get("split")] if isinstance(data, dict) else []
    return ", ".join(str(name) for name in names if name) or stem
