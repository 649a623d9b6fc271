"""Answers that the finder gives: a number of objects is the count of the found ones, a place is where they are.

The finder answers only what it can: a question about a thing that it knows, without a condition such as "on the road".
The place of something with a color follows from the colors of the picture, whatever else the question says of it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rsgpt_plugin.shared.answers.answered_by import FINDER
from rsgpt_plugin.shared.answers.places import PLACES
from rsgpt_plugin.shared.objects.found_points import FoundPoint
from rsgpt_plugin.shared.objects.shown import Shown, Unshown, region_rows
from rsgpt_plugin.shared.vocabulary.object_nouns import label_of, meant_by

from ...model.config import FinderConfig
from ...model.heads.finder.search import region_maps, search
from ...model.rsgpt import Rsgpt
from ...predictor import NUMBERS, Ask, Step
from ..answer_row import AnswerRow
from ..confidence import YES_NO, log_odds, sigmoid
from .colors import PictureColors, colors_of
from .places import Location, covered_cells, densest_group, highest_cells, highest_patch, largest_patch
from .question_reader import ParsedQuestion

_CACHED_PICTURES = 128  # in memory
_DOUBTFUL = 0.25  # part of a label's threshold above which points are found; below the threshold, they are not counted
_AROUND = 4.0  # half the side, in pixels, of the box around a point without one
_FITTING = 0.5  # minimum fit of an object that has the colors
_MIN_CHANCE = 0.3  # of an object with the colors; otherwise, any part of the picture with the colors is the place
_MIN_COLOR_FIT = 0.1  # of the best place; a picture without the colors has no such place
_OUTSIDE = 0.3  # weight of a color outside the region of the noun
_SOLE = 0.8  # share of all objects from which their group is meant by a question with an adjective
_SEEN = 0.8  # minimum probability of a thing, by the classifier, at which a count of 0 is not trusted
_Located = tuple[
    Location, str, tuple[FoundPoint, ...], NDArray[np.bool_] | None
]  # name, points, and cells that are there
_IDLE_ADJECTIVES = frozenset(("parked", "docked", "moored", "anchored", "standing"))
# region -> nouns for it in the singular; a lake is not the only water, but the finder cannot tell
_REGION_NOUNS: dict[str, tuple[str, ...]] = {
    "water": ("open water", "sea", "ocean", "lake", "pond", "river", "stream", "canal", "lagoon", "reservoir"),
    "road": ("street", "highway", "main road", "motorway", "freeway"),
    "vegetation": ("forest", "woodland", "wood", "greenery", "plant", "tree"),
    "building": ("built-up area", "settlement", "town", "village", "city", "house"),
    "bare ground": ("bare soil", "bare land", "bare earth", "soil", "sand"),
}


class _SearchCanceled(Exception):
    """An ask was canceled while its picture was searched."""


@dataclass
class _Searched:
    """What one picture shows, None until needed.

    points: by label, with doubtful ones; regions: their probabilities, float16 [regions, rows, columns].
    """

    points: dict[str, list[FoundPoint]] | None = None
    regions: NDArray[np.float16] | None = None


@dataclass(frozen=True)
class _Finding:
    """An answer of the finder, with what it follows from.

    probability, form: see AnswerRow.select. name: the label or region, else "". points: the objects that it counts or
    that are there. cells: the region that is there, bool [rows, columns].
    """

    text: str
    probability: float
    form: str
    name: str = ""
    points: tuple[FoundPoint, ...] = ()
    cells: NDArray[np.bool_] | None = None


class FinderAnswers:
    """Answers the asks of a batch that the model's finder can answer; a picture is searched once."""

    def __init__(self, model: Rsgpt, on_heartbeat: Callable[[], None] = lambda: None) -> None:
        """model: may be without a finder; then no ask is answered. on_heartbeat: called while a picture is searched."""
        self._model, self._on_heartbeat = model, on_heartbeat
        self._searched: OrderedDict[tuple[str, float | None], _Searched] = OrderedDict()

    def stream(self, rows: Sequence[AnswerRow]) -> Iterator[Step]:
        """Yield the token and the answer of each row that the finder can answer, and that has none yet.

        The index of a step is the row's.
        """
        config = self._model.config.finder
        if config is None:
            return
        for index, row in enumerate(rows):
            try:
                is_left = not (row.is_selected or row.ask.cancel.is_set())
                found = self._answer(row, config) if is_left else None
            except _SearchCanceled:
                continue
            if found:
                yield Step(index, token=row.select(found.text, found.probability, found.form, FINDER))
                yield Step(index, answer=row.finish("stop"))

    def show(self, row: AnswerRow, is_absent: bool) -> Shown | None:
        """Return where the thing is that the row's question asks about: for a number, the objects that are counted.

        is_absent: whether the classifier answered that there is none. Returns None if the ask was canceled.
        """
        (width, height), question, config = row.ask.image.size, row.question, self._model.config.finder
        if question is None or question.kind == "area" or not (question.noun or question.adjectives):
            return Shown(width, height, reason=Unshown.NO_THING)
        found = None
        if config is not None and not is_absent:
            try:
                found = self._shown(row, question, config)
            except _SearchCanceled:
                return None
        name, is_known = self._known(question, config)
        if found is None or not (found.points or found.cells is not None):
            return Shown(width, height, name, reason=_reason(question, is_known))
        cells = () if found.cells is None else region_rows(found.cells)
        is_boxed = config is not None and found.name in config.boxed
        return Shown(width, height, found.name or name, found.points, is_boxed, cells)

    def _shown(self, row: AnswerRow, question: ParsedQuestion, config: FinderConfig) -> _Finding | None:
        """Return what the answer follows from. Whether something is there is asked as its number, then as its place."""
        counted = None
        if question.kind != "place":
            counted = self._count(row.ask, question, config, row.presence or 0.0)
        return self._place(row.ask, question, config) if question.kind != "number" and not counted else counted

    def _known(self, question: ParsedQuestion, config: FinderConfig | None) -> tuple[str, bool]:
        """Return the name of the thing that a question names, and whether the finder knows it."""
        noun = question.noun
        known = (label_of(noun, config.labels) or region_of(noun, config.regions)) if config is not None else None
        return known or noun, known is not None

    def _answer(self, row: AnswerRow, config: FinderConfig) -> _Finding | None:
        """Return the answer, None if the finder cannot answer."""
        ask, question = row.ask, row.question
        if question is None:
            return None
        if ask.is_whole_number:
            return self._count(ask, question, config, row.presence or 0.0) if question.kind == "number" else None
        is_place = question.kind == "place" and ask.choices == PLACES
        return self._place(ask, question, config) if is_place else None

    def _count(self, ask: Ask, question: ParsedQuestion, config: FinderConfig, presence: float) -> _Finding | None:
        """Return the count. presence: probability, by the classifier, that there are any, 0 if unknown."""
        label, colors = label_of(question.noun, config.labels), colors_of(question.adjectives)
        if label is None or question.qualifier or _restricts(question.adjectives):
            return None
        points = self._points(ask, config)[label]
        chances = [self._chance(point, label, config) for point in points]
        if colors:
            fits = self._color_fits(ask, label, PictureColors(ask.image), colors)
            chances = [chance * (1.0 if fit >= _FITTING else fit) for chance, fit in zip(chances, fits, strict=True)]
        elif presence >= _SEEN and not chances:
            return None  # the classifier sees some that the finder misses; they may be too small or unfamiliar
        count, probability = count_of(chances, 0.0 if colors else presence)
        likeliest = sorted(range(len(points)), key=chances.__getitem__, reverse=True)
        counted = tuple(points[index] for index in likeliest[:count])
        is_allowed = ask.choices in (NUMBERS, YES_NO) or str(count) in ask.choices
        return _Finding(str(count), probability, "count", label, counted) if is_allowed else None

    def _place(self, ask: Ask, question: ParsedQuestion, config: FinderConfig) -> _Finding | None:
        noun, colors = question.noun, colors_of(question.adjectives)
        if colors:
            return self._colored_place(ask, noun, colors, config)
        if question.qualifier:
            return None
        found = self._object_location(ask, noun, config) or self._region_location(ask, noun, config)
        if found is None or (_restricts(question.adjectives) and found[0].share < _SOLE):
            return None
        return _placed(*found, "found_place")

    def _object_location(self, ask: Ask, noun: str, config: FinderConfig) -> _Located | None:
        label = label_of(noun, config.labels)
        if label is None:
            return None
        threshold = config.thresholds[config.labels.index(label)]
        points = [point for point in self._points(ask, config)[label] if point.confidence >= threshold]
        return _group(ask, label, points, [point.confidence for point in points])

    def _region_location(self, ask: Ask, noun: str, config: FinderConfig) -> _Located | None:
        region = self._region(ask, noun, config)
        location = None if region is None else largest_patch(region)
        if region is None or location is None:
            return None
        return location, region_of(noun, config.regions) or "", (), covered_cells(region)

    def _region(self, ask: Ask, noun: str, config: FinderConfig) -> NDArray[np.float16] | None:
        """Return the map of the region that a noun means, [rows, columns], None if it means none."""
        region = region_of(noun, config.regions)
        if region is None:
            return None
        picture = self._picture(ask)
        if picture.regions is None:
            picture.regions = region_maps(self._model, ask.image, ask.gsd_m).numpy().astype(np.float16)
        return picture.regions[config.regions.index(region)]

    def _colored_place(self, ask: Ask, noun: str, colors: Sequence[str], config: FinderConfig) -> _Finding | None:
        """Return where something with the colors is: an object of the noun, or any part, likelier in its region."""
        picture = PictureColors(ask.image)
        found = self._colored_object(ask, noun, picture, colors)
        if found is None and picture.highest(colors) >= _MIN_COLOR_FIT:
            fit, region = picture.map(colors), self._region(ask, noun, config)
            if region is not None:
                rows, columns = (np.arange(side) * of // side for side, of in zip(fit.shape, region.shape, strict=True))
                fit = fit * (_OUTSIDE + (1 - _OUTSIDE) * region[rows][:, columns].astype(float))
            location = highest_patch(fit)
            found = None if location is None else (location, "", (), highest_cells(fit))
        return None if found is None else _placed(*found, "colored_place")

    def _colored_object(self, ask: Ask, noun: str, picture: PictureColors, colors: Sequence[str]) -> _Located | None:
        """Return where the objects are that most likely have the colors, None if there are none."""
        config = self._model.config.require_finder()
        label = label_of(noun, config.labels)
        if label is None:
            return None
        points, fits = self._points(ask, config)[label], self._color_fits(ask, label, picture, colors)
        chances = [self._chance(point, label, config) * fit for point, fit in zip(points, fits, strict=True)]
        best = max(chances, default=0.0)
        if best < _MIN_CHANCE:
            return None
        likely = [pair for pair in zip(points, chances, strict=True) if pair[1] >= best / 2]
        return _group(ask, label, [point for point, _ in likely], [chance for _, chance in likely])

    def _color_fits(self, ask: Ask, label: str, picture: PictureColors, colors: Sequence[str]) -> list[float]:
        """Return how well each point of a label has the colors, 0 to 1."""
        config, fits = self._model.config.require_finder(), list[float]()
        for point in self._points(ask, config)[label]:
            self._check(ask)
            around = (point.x - _AROUND, point.y - _AROUND, 2 * _AROUND, 2 * _AROUND)
            fits.append(picture.inside(point.box if label in config.boxed else around, colors))
        return fits

    def _chance(self, point: FoundPoint, label: str, config: FinderConfig) -> float:
        """Return the probability that a point is an object; at the threshold of its label it is one half."""
        threshold = config.thresholds[config.labels.index(label)]
        return sigmoid(log_odds(point.confidence) - log_odds(threshold))

    def _points(self, ask: Ask, config: FinderConfig) -> dict[str, list[FoundPoint]]:
        """Return the points of the ask's picture by label, with doubtful ones."""
        picture = self._picture(ask)
        if picture.points is None:
            thresholds = [_DOUBTFUL * threshold for threshold in config.thresholds]
            picture.points = search(self._model, ask.image, ask.gsd_m, thresholds, lambda: self._check(ask))
        return picture.points

    def _check(self, ask: Ask) -> None:
        """Report that the finder is alive. Raises _SearchCanceled if the ask was canceled."""
        self._on_heartbeat()
        if ask.cancel.is_set():
            raise _SearchCanceled

    def _picture(self, ask: Ask) -> _Searched:
        key = ask.image_key, ask.gsd_m
        picture = self._searched.setdefault(key, _Searched())
        self._searched.move_to_end(key)
        while len(self._searched) > _CACHED_PICTURES:
            self._searched.popitem(last=False)
        return picture


def region_of(noun: str, regions: Sequence[str]) -> str | None:
    """Return the region that a noun means, in the singular or plural, or None if it means none of them."""
    return meant_by(noun, {region: (region, *_REGION_NOUNS.get(region, ())) for region in regions})


def count_of(chances: Sequence[float], presence: float = 0.0) -> tuple[int, float]:
    """Return the number of objects, and the probability, 0 to 1, that there are so many.

    chances: the probability of each point that it is an object. They are independent, so that the number of objects
    has a Poisson binomial distribution. presence: probability, known otherwise, that there are any; if it is high, the
    likeliest point, of which there must be one then, is an object even if it is a doubtful one.
    """
    count = sum(chance >= 0.5 for chance in chances)
    probabilities = np.ones(1)  # of 0, 1, 2, ... objects among the points so far
    for chance in chances:
        probabilities = np.append(probabilities * (1 - chance), 0) + np.append(0, probabilities * chance)
    if count == 0 and presence >= _SEEN:
        return 1, presence * float(probabilities[1] / probabilities[1:].sum())
    return count, float(probabilities[count])


def _restricts(adjectives: Iterable[str]) -> bool:
    """Return whether adjectives, apart from colors, name some of the objects only, as in "large cars"."""
    return any(word not in _IDLE_ADJECTIVES and not colors_of([word]) for word in adjectives)


def _group(ask: Ask, label: str, points: Sequence[FoundPoint], chances: Sequence[float]) -> _Located | None:
    """Return where most of the points are, None without points. chances: of each that it is meant."""
    width, height = ask.image.size
    pairs = zip(points, chances, strict=True)
    location = densest_group([(point.x / width, point.y / height, chance) for point, chance in pairs])
    return None if location is None else (location, label, tuple(points), None)


def _placed(
    location: Location, name: str, points: tuple[FoundPoint, ...], cells: NDArray[np.bool_] | None, form: str
) -> _Finding:
    return _Finding(location.place, location.share * location.confidence, form, name, points, cells)


def _reason(question: ParsedQuestion, is_known: bool) -> Unshown:
    """Return why nothing is shown. is_known: whether the finder knows the thing of the question."""
    if not is_known and not colors_of(question.adjectives):
        return Unshown.UNKNOWN
    return Unshown.CONDITION if question.qualifier or _restricts(question.adjectives) else Unshown.ABSENT
