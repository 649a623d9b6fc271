"""Runs the searches of the dock in the background, and keeps the loaded index between them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Optional, Union

from qgis.core import QgsCoordinateReferenceSystem, QgsGeometry, QgsProject
from qgis.PyQt.QtCore import QCoreApplication, QObject, pyqtSignal

from ...core.paths import search_file
from ...core.search_index import SearchIndex
from ...errors import RsgptError
from ...geo.transforms import checked_transform
from ...processing.searching.picture_search import (
    PictureScores,
    PictureSearch,
    index_picture,
    load_search,
    searching_model,
)
from ...processing.searching.picture_set import OnePicture, ResultRows
from ...processing.searching.result_captions import with_captions
from ...processing.searching.search_rows import Match, matches
from ...shared.files.search_index import IndexRows
from ..background_task import BackgroundTask
from .search_target import Pictures, SearchTarget, TargetAccess, access, open_pictures

translate = QCoreApplication.translate

MOST_RESULTS = 1000


@dataclass(frozen=True)
class Words:
    """Search by words."""

    text: str


@dataclass(frozen=True)
class LikePicture:
    """Search by the example of a searched picture. key: of its row in the index."""

    key: str


@dataclass(frozen=True)
class LikeArea:
    """Search a raster by the example of an area of the map."""

    area: QgsGeometry
    crs: QgsCoordinateReferenceSystem


Query = Union[Words, LikePicture, LikeArea]


@dataclass(frozen=True, eq=False)
class LoadedTarget:
    """A target whose pictures are indexed and loaded."""

    target: SearchTarget
    pictures: Pictures
    search: PictureSearch


@dataclass(frozen=True, eq=False)
class SearchAnswer:
    """The result of a search. matches: best first. sure: the similarity from which a picture counts as found."""

    query: Query
    loaded: LoadedTarget
    matches: list[Match]
    sure: float

    @property
    def is_sure(self) -> bool:
        """Whether a picture is sure to match."""
        return bool(self.matches) and self.matches[0].similarity >= self.sure

    def sha256(self, match: Match) -> str:
        """Return the hash of the picture of a match."""
        return str(self.loaded.search.keys[match.number]).partition(" ")[0]


class SearchService(QObject):
    """Runs one search at a time, on the main thread.

    A search ends with `answered`, `failed` with a message, or `stopped`. pictured: pictures of the results were stored.
    """

    progressed = pyqtSignal(float)
    answered = pyqtSignal(object)
    failed = pyqtSignal(str)
    stopped = pyqtSignal()
    pictured = pyqtSignal()

    def __init__(self, project: QgsProject) -> None:
        super().__init__()
        self._project = project
        self._task: Optional[BackgroundTask] = None
        self._picturing: Optional[BackgroundTask] = None
        self._loaded: Optional[LoadedTarget] = None
        self._watched: set[str] = set()

    @property
    def busy(self) -> bool:
        """Whether a search is running."""
        return self._task is not None

    def forget(self) -> None:
        """Drop the loaded target, because its layer changed."""
        self._loaded = None

    def start(self, target: SearchTarget, query: Query) -> None:
        """Start a search in place of the running one."""
        self._drop_tasks()
        try:
            source = access(target, self._project)
        except RsgptError as error:
            self.failed.emit(str(error))
            return
        former = self._loaded if self._loaded is not None and self._loaded.target == target else None

        def work(task: BackgroundTask) -> SearchAnswer:
            task.feedback.progressChanged.connect(task.setProgress)
            return _answer(source, query, former, self._project, task)

        task = BackgroundTask(translate("Rsgpt", "RSGPT: searching"), work, visible=True)
        task.progressChanged.connect(self.progressed)
        task.done.connect(self._on_done)
        task.failed.connect(lambda message, details: self._end(lambda: self.failed.emit(message)))
        task.stopped.connect(lambda: self._end(self.stopped.emit))
        self._task = task
        self.progressed.emit(0.0)
        task.start()

    def stop(self) -> None:
        """Cancel the running search; what was indexed stays stored."""
        if self._task is not None:
            self._task.cancel()

    def close(self) -> None:
        """Drop what is running and what is loaded."""
        self._drop_tasks()
        self.forget()

    def _drop_tasks(self) -> None:
        for task in (self._task, self._picturing):
            if task is not None:
                task.drop()
        self._task = self._picturing = None

    def _end(self, emit: Callable[[], None]) -> None:
        self._task = None
        emit()

    def _on_done(self, answer: SearchAnswer) -> None:
        self._task, self._loaded = None, answer.loaded
        layer = self._project.mapLayer(answer.loaded.target.layer)
        if layer is not None and layer.id() not in self._watched:
            self._watched.add(layer.id())
            layer.repaintRequested.connect(self.forget)  # rows were edited, or the style was changed
        self.answered.emit(answer)
        if not isinstance(answer.loaded.pictures, ResultRows):
            self._store_pictures(answer)

    def _on_pictured(self) -> None:
        self._picturing = None
        self.pictured.emit()

    def _store_pictures(self, answer: SearchAnswer) -> None:
        """Store the pictures of the results, so that thumbnails can be shown."""
        try:
            source = access(answer.loaded.target, self._project)
        except RsgptError:
            return  # the layer was removed meanwhile
        task = BackgroundTask(
            translate("Rsgpt", "RSGPT: reading pictures"), lambda task: _store_pictures(source, answer, task)
        )
        task.reported.connect(lambda line: self.pictured.emit())
        task.done.connect(lambda result: self._on_pictured())
        self._picturing = task.start()


def _answer(
    source: TargetAccess, query: Query, former: Optional[LoadedTarget], project: QgsProject, task: BackgroundTask
) -> SearchAnswer:
    model = searching_model("", task.feedback)
    if former is not None and former.search.model != model:  # another one was chosen meanwhile
        former = None
    with SearchIndex(search_file()) as index, open_pictures() as store:
        rows = index.rows(model.fingerprint)
        if former is not None and not isinstance(query, LikeArea):  # no pixels are needed
            former = _described(former, query, index, task)
            return _found(query, former, _scores(former, query, rows, project, task))
        with source.open(former.pictures if former is not None else None, store, task.feedback) as pictures:
            search = former.search if former is not None else load_search(pictures, model, rows, task.feedback)
            loaded = _described(LoadedTarget(source.target, pictures, search), query, index, task)
            return _found(query, loaded, _scores(loaded, query, rows, project, task))


def _described(loaded: LoadedTarget, query: Query, index: SearchIndex, task: BackgroundTask) -> LoadedTarget:
    """Return the target with the captions and answers of its rows, if words are compared with them."""
    if not isinstance(query, Words):
        return loaded
    search = with_captions(loaded.search, loaded.pictures, index, task.feedback)
    return loaded if search is loaded.search else replace(loaded, search=search)


def _scores(
    loaded: LoadedTarget, query: Query, rows: IndexRows, project: QgsProject, task: BackgroundTask
) -> PictureScores:
    search, pictures = loaded.search, loaded.pictures
    if isinstance(query, Words):
        return search.by_words(query.text, task.feedback)
    if isinstance(query, LikePicture):
        return search.by_example(query.key, rows)
    if isinstance(pictures, ResultRows):
        raise RsgptError(translate("Rsgpt", "A rectangle can be an example only in a raster. Select a row instead."))
    area = QgsGeometry(query.area)
    area.transform(checked_transform(query.crs, pictures.crs, project.transformContext()))
    example = OnePicture(pictures.picture_of(area), area, pictures.crs)
    return search.by_example(index_picture(example, search.model, rows, task.feedback), rows)


def _found(query: Query, loaded: LoadedTarget, scores: PictureScores) -> SearchAnswer:
    return SearchAnswer(query, loaded, matches(loaded.search, scores, MOST_RESULTS), scores.sure)


_STEP = 20  # pictures after which thumbnails are shown


def _store_pictures(source: TargetAccess, answer: SearchAnswer, task: BackgroundTask) -> None:
    with open_pictures() as store:
        missing = [match for match in answer.matches if store.get(answer.sha256(match)) is None]
        if not missing:
            return
        with source.open(answer.loaded.pictures, store, task.feedback) as pictures:
            for number, match in enumerate(missing, 1):
                if task.isCanceled():
                    return
                picture = pictures.picture(match.number)
                if picture is not None:
                    store.put(picture.sha256, picture.png())
                if number % _STEP == 0:
                    task.say(str(number))
