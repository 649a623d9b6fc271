"""Fills the search index: captures the pictures that it lacks and asks the model about them, once."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from itertools import chain
from typing import Union

import numpy as np
from qgis.core import QgsFeedback
from qgis.PyQt.QtCore import QCoreApplication

from ...client.backends import open_backend
from ...client.installed_models import ModelInfo
from ...client.model_identity import check_fingerprint
from ...client.server.protocol import Prompt, Reply
from ...errors import Cancelled, RsgptError, ServerError
from ...shared.files.search_index import BATCH, IndexRows, KnownSource, Row, picture_key
from ...unexpected import log_unexpected
from .picture_set import PictureSet, SearchedPicture

translate = QCoreApplication.translate

INDEX_TASK = "index"

# The key of a picture's row, "" without valid pixels, or why it has none.
Key = Union[str, RsgptError]


def index_pictures(pictures: PictureSet, model: ModelInfo, index: IndexRows, feedback: QgsFeedback) -> list[Key]:
    """Return the key of each picture, after its row is in the index.

    Raises Cancelled on cancel, and RsgptError if the model cannot go on; rows so far are stored.
    """
    return _Indexing(pictures, model, index, feedback).run()


class _Indexing:
    """One pass over pictures. Equal pictures are asked once."""

    def __init__(self, pictures: PictureSet, model: ModelInfo, index: IndexRows, feedback: QgsFeedback) -> None:
        self._pictures, self._model, self._index, self._feedback = pictures, model, index, feedback
        self._sources = [pictures.source(number) for number in range(len(pictures))]
        self._keys: dict[int, Key] = {}
        self._asked: list[str] = []
        self._waiting: dict[str, list[int]] = {}  # numbers of pictures by key
        self._rows: dict[str, Row] = {}
        self._places: list[KnownSource] = []

    def run(self) -> list[Key]:
        """Return the key of each picture."""
        self._look_up()
        prompts = self._prompts([number for number in range(len(self._sources)) if number not in self._keys])
        try:
            first = next(prompts, None)
            if first is not None:
                self._ask(first, prompts)
        finally:
            self._store()
        return [self._keys[number] for number in range(len(self._sources))]

    def _look_up(self) -> None:
        """Set the keys of pictures that have a row."""
        versions = {source.place: source.version for source in self._sources if source.version}
        by_place = self._index.pictures(versions)
        keys = [self._key(source.sha256, source.gsd_m) if source.sha256 else "" for source in self._sources]
        known = self._index.known({key for key in keys if key})
        for number, (source, key) in enumerate(zip(self._sources, keys)):
            if source.place in by_place:
                self._keys[number] = by_place[source.place]
            elif key in known:
                self._keys[number] = key
        self._show_progress()

    def _ask(self, first: Prompt, others: Iterator[Prompt]) -> None:
        for number, reply in open_backend(self._model).ask_many(chain([first], others), self._feedback):
            key = self._asked[number]
            self._receive(key, reply)
            if len(self._rows) >= BATCH:
                self._store()

    def _prompts(self, missing: list[int]) -> Iterator[Prompt]:
        """Yield a prompt for each new picture."""
        for start in range(0, len(missing), BATCH):
            captured = {number: self._capture(number) for number in missing[start : start + BATCH]}
            shown = {number: picture for number, picture in captured.items() if isinstance(picture, SearchedPicture)}
            keys = {number: self._key(picture.sha256, picture.gsd_m) for number, picture in shown.items()}
            known = self._index.known(set(keys.values()))
            for number, picture in captured.items():
                if not isinstance(picture, SearchedPicture):
                    self._settle(number, picture)
                elif keys[number] in known or keys[number] in self._rows:
                    self._settle(number, keys[number])
                elif keys[number] in self._waiting:
                    self._waiting[keys[number]].append(number)
                else:
                    self._waiting[keys[number]] = [number]
                    self._asked.append(keys[number])
                    gsd_m = self._model.sent_gsd(picture.gsd_m)
                    yield Prompt(picture.png(), "", task=INDEX_TASK, gsd_m=gsd_m)

    def _capture(self, number: int) -> Union[SearchedPicture, Key]:
        if self._feedback.isCanceled():
            raise Cancelled(translate("Rsgpt", "Stopped. What was indexed so far is stored."))
        try:
            return self._pictures.picture(number) or ""
        except Cancelled:
            raise
        except RsgptError as error:
            return error
        except Exception as error:  # an error of GDAL, numpy, or QGIS in one picture fails only this picture
            return RsgptError(log_unexpected(error))

    def _receive(self, key: str, reply: Union[Reply, RsgptError]) -> None:
        result: Key = key
        if isinstance(reply, RsgptError):
            result = reply
        else:
            check_fingerprint(self._model, reply)
            try:
                self._rows[key] = read_row(reply.text)
            except RsgptError as error:
                result = error
        for number in self._waiting.pop(key):
            self._settle(number, result)

    def _settle(self, number: int, key: Key) -> None:
        # The frames of a traceback would keep the raster open.
        self._keys[number] = key.with_traceback(None) if isinstance(key, RsgptError) else key
        source = self._sources[number]
        if source.version and isinstance(key, str):
            self._places.append(KnownSource(source.place, source.version, key))
        self._show_progress()

    def _store(self) -> None:
        if self._rows or self._places:
            self._index.add(self._rows, self._places)
            self._rows, self._places = {}, []

    def _key(self, sha256: str, gsd_m: float | None) -> str:
        return picture_key(sha256, self._model.sent_gsd(gsd_m) if self._model.reads_gsd else None)

    def _show_progress(self) -> None:
        self._feedback.setProgress(100.0 * len(self._keys) / max(1, len(self._sources)))


def read_row(text: str) -> Row:
    """Return the row in a reply to the task "index". Raises ServerError if it is none."""
    try:
        row = np.frombuffer(base64.b64decode(text, validate=True), "<f2").astype(np.float16)
    except (binascii.Error, ValueError):
        row = np.zeros(0, np.float16)
    if not row.size or not np.isfinite(row).all():
        raise ServerError(translate("Rsgpt", "The model sent no row for the search index. Check that it can search."))
    return row
