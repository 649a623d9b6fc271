"""The rows of a search: the best pictures with their similarity, rank, and provenance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import numpy as np
from qgis.core import NULL, QgsFeature, QgsFields

from ...client.installed_models import ModelInfo
from ...core.paths import plugin_version
from ...geo.results.schema import cell_of, fields_of
from ...shared.results.columns import RASTER, ColumnGroup, column, score_columns, trailing_columns
from ...shared.results.rows import Status
from ...shared.search.ranking import best
from .picture_search import PictureScores, PictureSearch
from .picture_set import PictureSet, ResultRows

_COLUMNS = (
    *score_columns(),
    *(entry for entry in trailing_columns() if entry.group in (ColumnGroup.STATE, ColumnGroup.PROVENANCE)),
    column(RASTER),
)


@dataclass(frozen=True)
class Match:
    """A picture that matches a search. number: in its set. rank: from 1."""

    number: int
    similarity: float
    rank: int


def matches(search: PictureSearch, scores: PictureScores, top: int = 0, minimum: float = 0.0) -> list[Match]:
    """Return the best pictures, best first. top: at most so many, 0 for all. minimum: least similarity."""
    count = min(top or len(search.numbers), int(np.count_nonzero(scores.values >= minimum)))
    return [
        Match(int(search.numbers[place]), round(float(scores.values[place]), 4), rank)
        for rank, place in enumerate(best(scores.values, count), 1)
    ]


def score_fields() -> QgsFields:
    """Return the fields that a search adds to rows that have their provenance."""
    return fields_of(score_columns())


def picture_fields() -> QgsFields:
    """Return the fields of a tile that a search found."""
    return fields_of(_COLUMNS)


def picture_rows(
    found: Sequence[Match], pictures: PictureSet, search: PictureSearch, query: str
) -> Iterator[QgsFeature]:
    """Yield a feature per picture. query: what was searched for."""
    fields, model = picture_fields(), search.model
    common = _provenance(model, query)
    for match in found:
        sha256, _, gsd_m = str(search.keys[match.number]).partition(" ")
        values = {
            **common,
            "similarity": match.similarity,
            "rank": match.rank,
            "image_sha256": sha256,
            "gsd_m": float(gsd_m) if gsd_m else NULL,
            RASTER: pictures.source(match.number).raster or NULL,
        }
        feature = QgsFeature(fields)
        feature.setGeometry(pictures.geometry(match.number))
        feature.setAttributes([values.get(name, NULL) for name in fields.names()])
        yield feature


def result_rows(found: Sequence[Match], rows: ResultRows, fields: QgsFields) -> Iterator[QgsFeature]:
    """Yield copies of the rows of a results layer, with their similarity and rank as the last columns."""
    for match in found:
        row = rows.features[match.number]
        feature = QgsFeature(fields)
        feature.setGeometry(row.geometry())
        feature.setAttributes([*row.attributes(), match.similarity, match.rank])
        yield feature


def without_scores(fields: QgsFields, features: Sequence[QgsFeature]) -> tuple[QgsFields, list[QgsFeature]]:
    """Return fields and features without the columns of an earlier search."""
    scores = {name.casefold() for name in score_fields().names()}
    kept = [index for index, name in enumerate(fields.names()) if name.casefold() not in scores]
    if len(kept) == len(fields):
        return fields, list(features)
    kept_fields, copies = QgsFields(), []
    for index in kept:
        kept_fields.append(fields.at(index))
    for feature in features:
        values, copy = feature.attributes(), QgsFeature(feature)
        copy.setFields(kept_fields)
        copy.setAttributes([values[index] for index in kept])
        copies.append(copy)
    return kept_fields, copies


def _provenance(model: ModelInfo, query: str) -> dict[str, Any]:
    return {
        "status": Status.ANSWERED.value,
        "model": model.name,
        "weights_sha256": model.weights_sha256,
        "model_fingerprint": model.fingerprint,
        "prompt": query,
        "asked_at": cell_of(column("asked_at"), datetime.now(timezone.utc).isoformat()),
        "plugin_version": plugin_version(),
    }
