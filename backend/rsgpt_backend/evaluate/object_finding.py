"""Scores of found objects against the boxes of an object file: points, counts, and their errors."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from ..data.image_files import ImageSource
from ..data.object_annotations import ObjectRecord, read_objects
from ..data.object_matching import PointMatch, boxes_of, close_share, counted_as, f1, match_points
from ..engine.heads.finding import FoundObjects, find_objects
from ..errors import DataError
from ..model.heads.finder.search import finder_of
from ..model.rsgpt import Rsgpt
from .ask_all import Scored, spread
from .intervals import interval, ratio_interval
from .report.rounding import hundredths, percent


def evaluate_objects(
    model: Rsgpt, images: Path, annotations: Path, labels: Sequence[str] = (), limit: int | None = None
) -> Scored:
    """Return the scores by label, and the points of each picture and label.

    labels: of the finder, to score; empty for those that have boxes in the file. limit: maximum number of pictures.
    Raises DataError if the file has no box of an object that the model finds, ModelError if the model has no finder.
    """
    _, config = finder_of(model)
    records = spread(read_objects(annotations).records, limit)
    boxed = {counted_as(box.label) for record in records for box in record.boxes}
    scored = [label for label in config.labels if label in (labels or boxed)]
    if not scored or not records:
        raise DataError(
            f"{annotations} has no box of an object that {model.config.name} finds ({', '.join(config.labels)}). Give "
            "another file, or name an object with --object to count it where there is none."
        )
    started, source = time.monotonic(), ImageSource(images)
    rows = []
    for record in tqdm(records, desc="finding", unit="picture"):
        found = find_objects(model, source.open(record.filename), scored, record.gsd_m)
        rows += [_row(record, objects) for objects in found]
    return {"pictures": len(records), **summary(rows), "seconds": round(time.monotonic() - started, 1)}, rows


def summary(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return scores and intervals by object.

    F1, precision, recall: of the points, in percent; counts: share of pictures, in percent, whose count is at most 20 %
    off, 0 only if it is exactly 0; error: mean absolute error of the counts. Pictures with objects that are cut off at
    the edge are not counted.
    """
    scores, intervals = {}, {}
    for label in dict.fromkeys(row["object"] for row in rows):
        own = [row for row in rows if row["object"] == label]
        matches = [PointMatch(row["count"], row["expected"], row["matched"]) for row in own]
        counted = [match for match, row in zip(matches, own, strict=True) if row["counted"]]
        scores[label] = {**_point_scores(matches), **_count_scores(counted), "counted": len(counted)}
        intervals[label] = _intervals(matches, counted)
    return {"objects": scores, "intervals": intervals}


def _row(record: ObjectRecord, objects: FoundObjects) -> dict[str, Any]:
    match = match_points([(point.x, point.y) for point in objects.points], boxes_of(record, objects.label))
    return {
        "filename": record.filename,
        "object": objects.label,
        "count": match.points,
        "expected": match.boxes,
        "matched": match.matched,
        "counted": not record.cut,
        "points": [[round(point.x, 1), round(point.y, 1), round(point.confidence, 4)] for point in objects.points],
    }


def _point_scores(matches: Sequence[PointMatch]) -> dict[str, float]:
    matched = sum(match.matched for match in matches)
    points, boxes = sum(match.points for match in matches), sum(match.boxes for match in matches)
    return {
        "F1": percent(f1(matches)),
        "precision": percent(matched / points if points else 1.0),
        "recall": percent(matched / boxes if boxes else 1.0),
    }


def _count_scores(matches: Sequence[PointMatch]) -> dict[str, float | None]:
    if not matches:
        return {"counts": None, "error": None}
    errors = [abs(match.points - match.boxes) for match in matches]
    return {"counts": percent(close_share(matches)), "error": round(sum(errors) / len(errors), 2)}


def _intervals(matches: Sequence[PointMatch], counted: Sequence[PointMatch]) -> dict[str, list[float]]:
    """Return 95 % intervals by bootstrap over pictures."""
    both = ratio_interval([200 * match.matched for match in matches], [match.points + match.boxes for match in matches])
    ends = {"F1": hundredths(both)}
    if counted:
        names = [str(index) for index in range(len(counted))]
        ends["counts"] = hundredths(interval([100.0 * match.is_close for match in counted], names))
        ends["error"] = hundredths(interval([abs(match.points - match.boxes) for match in counted], names))
    return ends
