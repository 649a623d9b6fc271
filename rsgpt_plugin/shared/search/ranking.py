"""Scores of pictures for a query, from 0 to 1, and the best of them.

The score of words combines the cosine of the matching head with the probabilities of the things and kinds of areas that
they name, and is the probability that a picture shows what a short query names, as fitted by benchmarks/search.py. If a
picture has captions or answers, their cosine in a sentence model is added, as fitted by benchmarks/caption_search.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

import numpy as np
from numpy.typing import NDArray

from ..files.search_index import Row
from .queries import Query

_CLASSIFIER_WEIGHT = 0.03  # of a natural logarithm, against a cosine
_CAPTION_WEIGHT = 1.0  # of the cosine of a caption, against that of a picture
_LEAST = 0.02  # probability below which the classifier's do not differ
# Logistic function of each kind of score: its middle and its slope.
WORDS, EXAMPLE = (0.57, 15.5), (0.73, 14.5)
WORDS_WITH_CAPTIONS = (1.12, 7.7)
# The best picture has at least this score if what the words name, or a picture like the example, is there.
SURE_WORDS, SURE_EXAMPLE = 0.88, 0.5
SURE_WITH_CAPTIONS = 0.7

Scores = NDArray[np.float32]
Matrix = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class PictureMatrix:
    """The pictures of a search. vectors: [pictures, width], unit length; things, kinds: [pictures, names]."""

    vectors: Matrix
    things: Matrix
    kinds: Matrix
    thing_names: tuple[str, ...] = ()
    kind_names: tuple[str, ...] = ()

    @classmethod
    def of_rows(cls, rows: Sequence[Row], things: Sequence[str], kinds: Sequence[str]) -> PictureMatrix:
        """Return the matrix of stored rows: vector, things, kinds."""
        width = len(rows[0]) if rows else len(things) + len(kinds)
        table = np.array(rows, np.float32).reshape(len(rows), width)
        vectors, present, shares = np.split(table, [width - len(things) - len(kinds), width - len(kinds)], axis=1)
        return cls(vectors, present, shares, tuple(things), tuple(kinds))


def word_scores(pictures: PictureMatrix, query: Query, vectors: Matrix, captions: Optional[Scores] = None) -> Scores:
    """Return the scores of pictures. vectors: of the sentences of the query.

    captions: cosine of the caption of each picture with the words, NaN for those without one; None if there are none.
    """
    seen = cosines(pictures, vectors) + _CLASSIFIER_WEIGHT * log_probabilities(pictures, query)
    alone = _logistic(seen, *WORDS)
    if captions is None:
        return alone
    together = _logistic(seen + _CAPTION_WEIGHT * captions, *WORDS_WITH_CAPTIONS)
    return np.where(np.isnan(captions), alone, together)


def sure_score(captions: Optional[Scores] = None) -> float:
    """Return the score from which a picture counts as found by words. captions: as in `word_scores`."""
    has_all = captions is not None and len(captions) > 0 and not np.isnan(captions).any()
    return SURE_WITH_CAPTIONS if has_all else SURE_WORDS


def example_scores(pictures: PictureMatrix, vector: Row | Matrix) -> Scores:
    """Return the scores of pictures by their similarity to another one. vector: of that picture."""
    return _logistic(cosines(pictures, np.atleast_2d(vector)), *EXAMPLE)


def cosines(pictures: PictureMatrix, vectors: Matrix) -> Scores:
    """Return the cosine of each picture with the mean of some vectors."""
    if not len(pictures.vectors):
        return np.zeros(0, np.float32)
    mean = vectors.astype(np.float32).mean(0)
    return pictures.vectors @ (mean / max(float(np.linalg.norm(mean)), 1e-6))


def log_probabilities(pictures: PictureMatrix, query: Query) -> Scores:
    """Return the mean log probability of what a query names; 0 if the classifier has a name for none of it.

    The kinds of areas that it names count as one.
    """
    columns = [pictures.things[:, pictures.thing_names.index(thing)] for thing in query.things]
    if query.kinds:
        columns.append(pictures.kinds[:, [pictures.kind_names.index(kind) for kind in query.kinds]].sum(1))
    if not columns:
        return np.zeros(len(pictures.vectors), np.float32)
    return np.log(np.clip(np.stack(columns), _LEAST, 1)).mean(0)


def best(scores: Scores, count: int) -> list[int]:
    """Return the indices of the best scores, best first, equal ones in their order."""
    count = min(count, len(scores))
    if not count:
        return []
    least = np.partition(scores, len(scores) - count)[len(scores) - count]
    candidates = np.flatnonzero(scores >= least)
    order = np.argsort(-scores[candidates], kind="stable")[:count]
    return [int(index) for index in candidates[order]]


def _logistic(values: Scores, middle: float, slope: float) -> Scores:
    return np.asarray(1 / (1 + np.exp(-slope * (values - middle))), np.float32)
