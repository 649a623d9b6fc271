"""Captions and answers of pictures, which a sentence model compares with the words of a search."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..files.search_index import BATCH, IndexRows
from ..text import one_line

_MOST_CHARACTERS = 1500  # the sentence model does not read more, and a server may refuse longer texts

# Returns the vectors of sentences, of unit length.
Embed = Callable[[Sequence[str]], Sequence[Sequence[float]]]


@dataclass(frozen=True, eq=False)
class CaptionMatrix:
    """vectors: [sentences, width]. pictures: [sentences], the place of the picture that each sentence describes.

    count: number of pictures.
    """

    vectors: NDArray[np.float32]
    pictures: NDArray[np.intp]
    count: int

    def cosines(self, vector: Sequence[float]) -> NDArray[np.float32]:
        """Return for each picture the cosine of its most similar sentence with a vector; NaN without sentences."""
        best = np.full(self.count, -np.inf, np.float32)
        if len(self.pictures):
            np.maximum.at(best, self.pictures, self.vectors @ np.asarray(vector, np.float32))
        return np.where(np.isinf(best), np.float32(np.nan), best)


def distinct_sentences(values: Iterable[object]) -> tuple[str, ...]:
    """Return the texts among the values of a row, shortened and without empty ones."""
    texts = (one_line(value)[:_MOST_CHARACTERS] for value in values if isinstance(value, str))
    return tuple(dict.fromkeys(text for text in texts if text))


def load_captions(captions: Sequence[Sequence[str]], index: IndexRows, embed: Embed) -> CaptionMatrix:
    """Return the matrix of the sentences of each picture. New sentences are embedded once, and stored.

    index: rows of the sentence model.
    """
    keys = {text: hashlib.sha256(text.encode()).hexdigest() for texts in captions for text in texts}
    known = index.known(keys.values())
    new = [text for text, key in keys.items() if key not in known]
    for start in range(0, len(new), BATCH):
        part = new[start : start + BATCH]
        embedded = np.array(embed(part), np.float16)
        index.add({keys[text]: vector for text, vector in zip(part, embedded)}, [])
    rows = index.rows(set(keys.values()))
    pairs = [
        (rows[keys[text]], number) for number, texts in enumerate(captions) for text in texts if keys[text] in rows
    ]
    vectors = np.array([row for row, _ in pairs], np.float32)
    return CaptionMatrix(vectors, np.array([number for _, number in pairs], np.intp), len(captions))
