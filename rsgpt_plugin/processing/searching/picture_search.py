"""A search among indexed pictures, by words or by example."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

import numpy as np
from qgis.core import QgsFeedback
from qgis.PyQt.QtCore import QCoreApplication

from ...client.backends import chosen_model, identified_model, open_backend
from ...client.installed_models import ModelInfo
from ...errors import ImageryError, ModelError, RsgptError
from ...shared.files.search_index import IndexRows
from ...shared.search.captions import CaptionMatrix
from ...shared.search.queries import read_query
from ...shared.search.ranking import (
    SURE_EXAMPLE,
    PictureMatrix,
    Scores,
    example_scores,
    sure_score,
    word_scores,
)
from ...shared.search.sentence_model import SENTENCE_MODEL
from .indexing import Key, index_pictures
from .picture_set import PictureSet

translate = QCoreApplication.translate


@dataclass(frozen=True, eq=False)
class PictureSearch:
    """Pictures with a row in the index. numbers: in their set, by row of the matrix. keys: by number in the set.

    captions: of the pictures by row of the matrix, see `with_captions`; None if words are compared with pictures only.
    captions_problem: why captions are not used, "" if they are or there are none.
    """

    model: ModelInfo
    keys: Sequence[Key]
    numbers: np.ndarray
    matrix: PictureMatrix
    captions: Optional[CaptionMatrix] = None
    captions_problem: str = ""

    @property
    def failed(self) -> list[RsgptError]:
        """Why pictures are left out, except those without valid pixels."""
        return [key for key in self.keys if isinstance(key, RsgptError)]

    def by_words(self, text: str, feedback: QgsFeedback) -> PictureScores:
        """Return the scores for words."""
        query, backend = read_query(text, *_names(self.model)), open_backend(self.model)
        vectors = np.array(backend.embed_texts(query.sentences, feedback), np.float32)
        captions = None
        if self.captions is not None:
            captions = self.captions.cosines(*backend.embed_texts([text], feedback, SENTENCE_MODEL))
        return PictureScores(word_scores(self.matrix, query, vectors, captions), sure_score(captions))

    def by_example(self, key: str, index: IndexRows) -> PictureScores:
        """Return the scores for a picture like the one with this key: one of these, or one with a row in the index."""
        place = next((place for place, number in enumerate(self.numbers) if self.keys[number] == key), None)
        vectors = self.matrix.vectors[[place]] if place is not None else _matrix(self.model, [key], index).vectors
        return PictureScores(example_scores(self.matrix, vectors), SURE_EXAMPLE)


@dataclass(frozen=True, eq=False)
class PictureScores:
    """values: score of each picture, 0 to 1. sure: the score from which a picture counts as found."""

    values: Scores
    sure: float


def searching_model(typed: str = "", feedback: QgsFeedback | None = None) -> ModelInfo:
    """Return the chosen model with its fingerprint; this may start it. Raises ModelError if it cannot search."""
    model = chosen_model(typed)
    if model.server or model.embeds:  # what a server can do is known once it is asked
        model = identified_model(model, feedback)
    if not model.embeds:
        message = translate(
            "Rsgpt",
            "The model {model} has no matching head, so it cannot search. Choose another model, for example the one "
            "that comes with the plugin.",
        )
        raise ModelError(message.format(model=model.name))
    return model


def load_search(pictures: PictureSet, model: ModelInfo, index: IndexRows, feedback: QgsFeedback) -> PictureSearch:
    """Index pictures where needed, and load their rows. Raises ImageryError if there are none."""
    keys = index_pictures(pictures, model, index, feedback)
    numbers = np.array([number for number, key in enumerate(keys) if key and isinstance(key, str)], np.intp)
    search = PictureSearch(model, keys, numbers, _matrix(model, [str(keys[number]) for number in numbers], index))
    if not len(numbers):
        cause = str(search.failed[0]) if search.failed else translate("Rsgpt", "no valid pixel here")
        raise ImageryError(translate("Rsgpt", "No picture can be searched ({cause}).").format(cause=cause))
    return search


def index_picture(picture: PictureSet, model: ModelInfo, index: IndexRows, feedback: QgsFeedback) -> str:
    """Return the key of the only picture of a set, after its row is in the index. Raises ImageryError without one."""
    (key,) = index_pictures(picture, model, index, feedback)
    if isinstance(key, RsgptError):
        raise key
    if not key:
        raise ImageryError(translate("Rsgpt", "The example has no valid pixel. Choose another one."))
    return key


def _matrix(model: ModelInfo, keys: Sequence[str], index: IndexRows) -> PictureMatrix:
    rows = index.rows(set(keys))
    if not rows.keys() >= set(keys):
        raise ImageryError(translate("Rsgpt", "The search index was cleared during the search. Search again."))
    return PictureMatrix.of_rows([rows[key] for key in keys], *_names(model))


def _names(model: ModelInfo) -> tuple[Sequence[str], Sequence[str]]:
    """Return the things and the kinds of areas of the classifier."""
    return (model.classifier.things, model.classifier.kinds) if model.classifier else ((), ())
