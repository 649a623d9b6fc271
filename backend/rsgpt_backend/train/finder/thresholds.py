"""Thresholds of the finder by label: those with the best points and counts on validation pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

from rsgpt_plugin.shared.objects.found_points import FoundPoint

from ...data.image_files import ImageSource
from ...data.object_annotations import ObjectRecord
from ...data.object_matching import PointMatch, boxes_of, close_share, f1, match_points
from ...model.heads.finder.search import finder_of, search
from ...model.rsgpt import Rsgpt
from ..examples.object_questions import known_presence
from ..examples.samples import chosen_objects
from ..recipe import RecipeDataset

LOWEST = 0.1
_STEPS = [round(LOWEST + 0.02 * step, 2) for step in range(31)]  # to 0.7
_Found = tuple[ObjectRecord, dict[str, list[FoundPoint]]]


def choose_thresholds(model: Rsgpt, folder: Path, datasets: Sequence[RecipeDataset], limit: int) -> dict[str, float]:
    """Return the threshold of each label with validation pictures, and set them in the config of the model.

    datasets: for validation; limit: maximum number of pictures per data set.
    """
    found = [(dataset, list(_found(model, folder, dataset, limit))) for dataset in datasets if dataset.objects]
    _, config = finder_of(model)
    chosen: dict[str, float] = {}
    for label in config.labels:
        complete = [row for dataset, rows in found if label in dataset.complete for row in rows]
        partial = [row for dataset, rows in found if label in dataset.partial for row in rows]
        absent = [row for dataset, rows in found for row in rows if _is_absent(label, row[0], dataset)]
        if any(boxes_of(record, label) for record, _ in (*complete, *partial)):
            chosen[label] = best_threshold(complete, label, partial, absent)
    thresholds = tuple(
        chosen.get(label, before) for label, before in zip(config.labels, config.thresholds, strict=True)
    )
    model.config = replace(model.config, finder=replace(config, thresholds=thresholds))
    return chosen


def best_threshold(
    found: Sequence[_Found], label: str, partial: Sequence[_Found] = (), absent: Sequence[_Found] = ()
) -> float:
    """Return the threshold with the best points and counts.

    It has the largest sum of the F1 of the points, the share of close counts, and the share of pictures without the
    label in which nothing is found. The sum is compared in percent, and the lowest of equally good thresholds is
    returned. found: records with the points that were found above LOWEST; partial: those with incomplete boxes, whose
    counts are not compared; absent: those of pictures without the label.
    """
    scores = []
    for threshold in _STEPS:
        matches, others = (matches_above(rows, label, threshold) for rows in (found, partial))
        counted = [match for match, (record, _) in zip(matches, found, strict=True) if not record.cut]
        empty = [not match.points for match in matches_above(absent, label, threshold)]
        right = sum(empty) / max(len(empty), 1)
        scores.append((round(f1([*matches, *others]) + close_share(counted) + right, 2), -threshold))
    return -max(scores)[1]


def matches_above(found: Sequence[_Found], label: str, threshold: float) -> list[PointMatch]:
    """Return the match of each picture, with the points of at least the threshold."""
    matches = []
    for record, points in found:
        above = [(point.x, point.y) for point in points[label] if point.confidence >= threshold]
        matches.append(match_points(above, boxes_of(record, label)))
    return matches


def _is_absent(label: str, record: ObjectRecord, dataset: RecipeDataset) -> bool:
    return known_presence(record, dataset.complete, dataset.absent).get(label) is False


def _found(model: Rsgpt, folder: Path, dataset: RecipeDataset, limit: int) -> Iterator[_Found]:
    """Yield at most `limit` validation records, evenly spread, each with the points of all labels."""
    records = chosen_objects(folder, dataset).records
    count = min(limit, len(records))
    source = ImageSource(folder / dataset.images)
    lowest = [LOWEST] * len(finder_of(model)[1].labels)
    for index in tqdm(range(count), desc=f"thresholds on {Path(dataset.objects).stem}"):
        record = records[index * len(records) // count]
        yield record, search(model, source.open(record.filename), record.gsd_m, lowest)
