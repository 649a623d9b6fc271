"""A search: pictures that are indexed first, and the best of them for words or for an example."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from tqdm import tqdm

from ...engine.engine import Engine
from ...errors import RsgptError
from ...predictor import KeyedPicture
from ...search.indexing import PictureSource, index_pictures
from ...search.picture_index import PictureIndex, Row
from ...search.queries import read_query
from ...search.ranking import (
    SURE_EXAMPLE,
    SURE_WORDS,
    PictureMatrix,
    Scores,
    best,
    example_scores,
    word_scores,
)
from ..answer import results_or_errors

# Reports the name of a picture that cannot be read, and why.
Report = Callable[[str, RsgptError], None]


@dataclass(frozen=True)
class SearchResult:
    """pictures: names and scores, best first. found: whether the best one is likely to be right."""

    pictures: tuple[tuple[str, float], ...]
    found: bool


class Searcher:
    """Searches pictures with a model that has a matching head. matrix: of the pictures, once they are loaded."""

    def __init__(self, engine: Engine, index: PictureIndex) -> None:
        self._engine, self._index = engine, index
        config = engine.model.config.classifier
        self._things, self._kinds = (config.things, config.kinds) if config else ((), ())
        self._names: list[str] = []
        self._keys: list[str] = []
        self.matrix = self._matrix_of([])

    def __len__(self) -> int:
        return len(self._names)

    def load(self, sources: Sequence[PictureSource], report: Report) -> None:
        """Index pictures where needed, and search among those that can be read, in their order."""
        keys = dict(self._indexed(sources, report))
        self._names = [source.name for source in sources if source.name in keys]
        self._keys = [keys[name] for name in self._names]
        self.matrix = self._matrix_of(self._keys)

    def words(self, text: str, count: int) -> SearchResult:
        """Return the pictures that match words best. Raises EngineError if the model fails."""
        query = read_query(text, self._things, self._kinds)
        vectors = np.array([one.vector for one in self._engine.embed(query.sentences)], np.float32)
        return self._result(word_scores(self.matrix, query, vectors), count, SURE_WORDS)

    def like(self, example: PictureSource, count: int, report: Report) -> SearchResult | None:
        """Return the pictures most like an example, without itself; None if it cannot be read."""
        for _, key in self._indexed([example], report):
            scores = example_scores(self.matrix, self._matrix_of([key]).vectors)
            others = [place for place, other in enumerate(self._keys) if other != key]
            return self._result(scores, count, SURE_EXAMPLE, others)
        return None

    def _result(self, scores: Scores, count: int, sure: float, indices: Sequence[int] | None = None) -> SearchResult:
        """indices: of the pictures that may be found, all by default."""
        chosen = np.arange(len(scores)) if indices is None else np.array(indices, np.intp)
        top = [int(chosen[place]) for place in best(scores[chosen], count)]
        found = bool(top) and float(scores[top[0]]) >= sure
        return SearchResult(tuple((self._names[index], float(scores[index])) for index in top), found)

    def _matrix_of(self, keys: Sequence[str]) -> PictureMatrix:
        rows = self._index.rows(set(keys))
        return PictureMatrix.of_rows([rows[key] for key in keys], self._things, self._kinds)

    def _indexed(self, sources: Sequence[PictureSource], report: Report) -> Iterator[tuple[str, str]]:
        """Yield the name and the key of each picture that can be read."""
        found = index_pictures(self._index, sources, partial(results_or_errors, self._rows))
        for source, key in tqdm(found, total=len(sources), desc="indexing", unit="picture", disable=None):
            if isinstance(key, RsgptError):
                report(source.name, key)
            elif key:
                yield source.name, key

    def _rows(self, pictures: Sequence[KeyedPicture]) -> list[Row]:
        """Return what the model computes of pictures: vector, probabilities of things, and of kinds of areas."""
        pairs = zip(self._engine.embed(pictures), self._engine.classify(pictures), strict=True)
        return [np.array([*one.vector, *other.things, *other.kinds], np.float16) for one, other in pairs]
