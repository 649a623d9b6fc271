"""Captions and answers of a results layer, with which a search by words compares the words, too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from qgis.core import QgsFeedback
from qgis.PyQt.QtCore import QCoreApplication

from ...client.backends import lacks_sentence_model, open_backend
from ...client.model_client import Vectors
from ...core.search_index import SearchIndex
from ...errors import Cancelled, RsgptError
from ...shared.search.captions import load_captions
from ...shared.search.sentence_model import SENTENCE_MODEL, SENTENCE_MODEL_MB
from .picture_search import PictureSearch
from .picture_set import PictureSet, ResultRows

translate = QCoreApplication.translate


def with_captions(
    search: PictureSearch, pictures: PictureSet, index: SearchIndex, feedback: QgsFeedback
) -> PictureSearch:
    """Return the search with the vectors of captions and answers, if the pictures have some that are not loaded yet.

    Vectors are computed once and stored. If the sentence model cannot be used, the search says why. Raises Cancelled.
    """
    if search.captions is not None or not isinstance(pictures, ResultRows):
        return search
    texts = [pictures.sentences(number) for number in search.numbers]
    count = len({text for sentences in texts for text in sentences})
    if not count:
        return search
    if lacks_sentence_model():
        problem = translate(
            "Rsgpt",
            "Words are compared with pictures only. Captions and answers need the sentence model ({size} MB); the "
            "panel RSGPT search installs it.",
        )
        return replace(search, captions_problem=problem.format(size=SENTENCE_MODEL_MB))
    backend, done = open_backend(search.model), 0

    def embed(part: Sequence[str]) -> Vectors:
        nonlocal done
        vectors = backend.embed_texts(part, feedback, SENTENCE_MODEL)
        done += len(part)
        feedback.setProgress(100.0 * done / count)
        return vectors

    try:
        captions = load_captions(texts, index.rows(SENTENCE_MODEL), embed)
    except Cancelled:
        raise
    except RsgptError as error:
        problem = translate("Rsgpt", "Words are compared with pictures only, not with captions. {error}")
        return replace(search, captions_problem=problem.format(error=error))
    return replace(search, captions=captions, captions_problem="")
