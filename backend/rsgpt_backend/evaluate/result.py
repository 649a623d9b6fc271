"""Files of finished evaluations: the scores, the model and data set, and every answer."""

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
    """One evaluation.

    kind: captions or questions; benchmark: data set and split; images: path of the pictures, for reports; answers: one
    per picture or question.
    """

    kind: str
    benchmark: str
    model: str
    weights_sha256: str
    images: str
    scores: dict[str, Any]
    answers: list[dict[str, Any]]

    def pictures(self) -> ImageSource:
        """Return the pictures of the evaluation. Raises DataError if they were moved."""
        try:
            return ImageSource(Path(self.images))
        except DataError as error:
            raise DataError(
                f"The pictures of {self.benchmark} are missing. Restore them, or evaluate again. {error}"
            ) from error

    def write(self, path: Path) -> None:
        """Write the evaluation as JSON, atomically."""
        with replace_atomically(path) as draft:
            draft.write_text(json_text(asdict(self), indent=1), encoding="utf-8")


def read_result(path: Path) -> EvaluationResult:
    """Read a file of `write`. Raises DataError for any other file."""
    try:
        return EvaluationResult(**parse_json(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise DataError(f"{path} holds no evaluation. Create one with `rsgpt evaluate … --answers FILE`.") from error


def is_result(path: Path) -> bool:
    """Whether a file holds an evaluation."""
    try:
        read_result(path)
    except DataError:
        return False
    return True


_PLAIN = ("annotations", "captions")  # RSIEval and RSICap use these names in different folders


def benchmark_name(annotations: Path) -> str:
    """Return data set and split from the annotation file, otherwise the name of the file or of its folder."""
    path = annotations.resolve()
    stem = path.parent.name if path.stem in _PLAIN else path.stem
    try:
        data = parse_json(annotations.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return stem
    names = [data.get("dataset"), data.get("split")] if isinstance(data, dict) else []
    return ", ".join(str(name) for name in names if name) or stem
