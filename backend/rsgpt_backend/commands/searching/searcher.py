"""A search: pictures that are indexed first, and the best of them for words or for an example."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from tqdm import tqdm

from rsgpt_plugin.shared.files.search_index import Row
from rsgpt_plugin.shared.search.captions import CaptionMatrix, load_captions
from rsgpt_plugin.shared.search.queries import read_query
from rsgpt_plugin.shared.search.ranking import (
    SURE_EXAMPLE,
    PictureMatrix,
    Scores,
    best,
    example_scores,
    sure_score,
    word_scores,
)

from ...engine.engine import Engine
from ...engine.sentences import SentenceModel
from ...engine.tasks import index_rows
from ...errors import DataError, RsgptError
from ...predictor import KeyedPicture
from ...search.indexing import PictureSource, index_pictures
from ...search.picture_index import PictureIndex
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
        self._sources: list[PictureSource] = []
        self._keys: dict[str, str] = {}  # of the pictures, by place
        self.matrix = self._matrix_of([])
        self._captions: CaptionMatrix | None = None
        self._sentences: SentenceModel | None = None

    def __len__(self) -> int:
        return len(self._sources)

    def load(self, sources: Sequence[PictureSource], report: Report) -> None:
        """Index pictures where needed, and search among those that can be read, in their order."""
        self._keys = {source.place: key for source, key in self._indexed(sources, report)}
        self._sources = [source for source in sources if source.place in self._keys]
        self.matrix = self._matrix_of([self._keys[source.place] for source in self._sources])

    def load_captions(
        self, captions: Mapping[str, Sequence[str]], sentences: SentenceModel, index: PictureIndex
    ) -> int:
        """Compare words also with the captions of the loaded pictures. Return how many pictures have one.

        captions: by hash of the picture. index: rows of the sentence model.
        """
        hashes = (self._keys[source.place].partition(" ")[0] for source in self._sources)
        texts = [captions.get(sha256, ()) for sha256 in hashes]
        self._captions = load_captions(texts, index, partial(_vectors, sentences))
        self._sentences = sentences
        return sum(map(bool, texts))

    def words(self, text: str, count: int) -> SearchResult:
        """Return the pictures that match words best. Raises EngineError if the model fails."""
        query = read_query(text, self._things, self._kinds)
        vectors = np.array([one.vector for one in self._engine.embed(query.sentences)], np.float32)
        captions = self._said(text)
        return self._result(word_scores(self.matrix, query, vectors, captions), count, sure_score(captions))

    def like(self, example: PictureSource, count: int, report: Report) -> SearchResult | None:
        """Return the pictures most like an example, without itself; None if it cannot be read.

        An example with the name of a searched picture, or of a searched tile, is that one.
        """
        loaded = {source.name: source for source in self._sources}
        example = loaded.get(example.name, example)
        key = self._keys.get(example.place) or next((key for _, key in self._indexed([example], report)), None)
        if key is None:
            return None
        scores = example_scores(self.matrix, self._matrix_of([key]).vectors)
        others = [index for index, source in enumerate(self._sources) if source.place != example.place]
        return self._result(scores, count, SURE_EXAMPLE, others)

    def _said(self, text: str) -> Scores | None:
        """Return how well the captions match words, None without captions."""
        if self._captions is None or self._sentences is None:
            return None
        return self._captions.cosines(*_vectors(self._sentences, [text]))

    def _result(self, scores: Scores, count: int, sure: float, indices: Sequence[int] | None = None) -> SearchResult:
        """indices: of the pictures that may be found, all by default."""
        chosen = np.arange(len(scores)) if indices is None else np.array(indices, np.intp)
        top = [int(chosen[place]) for place in best(scores[chosen], count)]
        found = bool(top) and float(scores[top[0]]) >= sure
        return SearchResult(tuple((self._sources[index].name, float(scores[index])) for index in top), found)

    def _matrix_of(self, keys: Sequence[str]) -> PictureMatrix:
        rows = self._index.rows(set(keys))
        if not rows.keys() >= set(keys):
            raise DataError("The search index was cleared during the search. Search again.")
        return PictureMatrix.of_rows([rows[key] for key in keys], self._things, self._kinds)

    def _indexed(self, sources: Sequence[PictureSource], report: Report) -> Iterator[tuple[PictureSource, str]]:
        """Yield each picture that can be read, with its key."""
        found = index_pictures(self._index, sources, partial(results_or_errors, self._rows))
        for source, key in tqdm(found, total=len(sources), desc="indexing", unit="picture", disable=None):
            if isinstance(key, RsgptError):
                report(source.name, key)
            elif key:
                yield source, key

    def _rows(self, pictures: Sequence[KeyedPicture]) -> list[Row]:
        """Return what the model computes of pictures: vector, probabilities of things, and of kinds of areas."""
        return index_rows(self._engine, pictures)


def _vectors(sentences: SentenceModel, texts: Sequence[str]) -> list[Sequence[float]]:
    return [embedding.vector for embedding in sentences.embed(texts)]
