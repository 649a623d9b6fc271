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

from rsgpt_plugin.shared.answers.places import PLACES
from rsgpt_plugin.shared.objects.found_points import FoundPoint
from rsgpt_plugin.shared.vocabulary.object_nouns import label_of, meant_by

from ...model.config import FinderConfig
from ...model.heads.finder.search import region_maps, search
from ...model.rsgpt import Rsgpt
from ...predictor import NUMBERS, Ask, Step
from ..answer_row import AnswerRow
from ..confidence import log_odds, sigmoid
from .colors import PictureColors, colors_of
from .places import Location, densest_group, highest_patch, largest_patch
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
                yield Step(index, token=row.select(*found))
                yield Step(index, answer=row.finish("stop"))

    def _answer(self, row: AnswerRow, config: FinderConfig) -> tuple[str, float, str] | None:
        """Return the answer, its probability and its form, None if the finder cannot answer."""
        ask, question = row.ask, row.question
        if question is None:
            return None
        if ask.is_whole_number:
            return self._count(ask, question, config, row.presence or 0.0) if question.kind == "number" else None
        is_place = question.kind == "place" and ask.choices == PLACES
        return self._place(ask, question, config) if is_place else None

    def _count(
        self, ask: Ask, question: ParsedQuestion, config: FinderConfig, presence: float
    ) -> tuple[str, float, str] | None:
        """Return the count. presence: probability, by the classifier, that there are any, 0 if unknown."""
        label, colors = label_of(question.noun, config.labels), colors_of(question.adjectives)
        if label is None or question.qualifier or _restricts(question.adjectives):
            return None
        chances = [self._chance(point, label, config) for point in self._points(ask, config)[label]]
        if colors:
            fits = self._color_fits(ask, label, PictureColors(ask.image), colors)
            chances = [chance * (1.0 if fit >= _FITTING else fit) for chance, fit in zip(chances, fits, strict=True)]
        elif presence >= _SEEN and not chances:
            return None  # the classifier sees some that the finder misses; they may be too small or unfamiliar
        count, probability = count_of(chances, 0.0 if colors else presence)
        is_allowed = ask.choices == NUMBERS or str(count) in ask.choices
        return (str(count), probability, "count") if is_allowed else None

    def _place(self, ask: Ask, question: ParsedQuestion, config: FinderConfig) -> tuple[str, float, str] | None:
        noun, colors = question.noun, colors_of(question.adjectives)
        if colors:
            return self._colored_place(ask, noun, colors, config)
        if question.qualifier:
            return None
        location = self._object_location(ask, noun, config) or self._region_location(ask, noun, config)
        if location is None or (_restricts(question.adjectives) and location.share < _SOLE):
            return None
        return location.place, location.share * location.confidence, "found_place"

    def _object_location(self, ask: Ask, noun: str, config: FinderConfig) -> Location | None:
        label = label_of(noun, config.labels)
        if label is None:
            return None
        threshold = config.thresholds[config.labels.index(label)]
        points = self._points(ask, config)[label]
        width, height = ask.image.size
        return densest_group(
            [(point.x / width, point.y / height, point.confidence) for point in points if point.confidence >= threshold]
        )

    def _region_location(self, ask: Ask, noun: str, config: FinderConfig) -> Location | None:
        region = self._region(ask, noun, config)
        return None if region is None else largest_patch(region)

    def _region(self, ask: Ask, noun: str, config: FinderConfig) -> NDArray[np.float16] | None:
        """Return the map of the region that a noun means, [rows, columns], None if it means none."""
        region = region_of(noun, config.regions)
        if region is None:
            return None
        picture = self._picture(ask)
        if picture.regions is None:
            picture.regions = region_maps(self._model, ask.image, ask.gsd_m).numpy().astype(np.float16)
        return picture.regions[config.regions.index(region)]

    def _colored_place(
        self, ask: Ask, noun: str, colors: Sequence[str], config: FinderConfig
    ) -> tuple[str, float, str] | None:
        """Return where something with the colors is: an object of the noun, or any part, likelier in its region."""
        picture = PictureColors(ask.image)
        location = self._colored_object(ask, noun, picture, colors)
        if location is None and picture.highest(colors) >= _MIN_COLOR_FIT:
            fit, region = picture.map(colors), self._region(ask, noun, config)
            if region is not None:
                rows, columns = (np.arange(side) * of // side for side, of in zip(fit.shape, region.shape, strict=True))
                fit = fit * (_OUTSIDE + (1 - _OUTSIDE) * region[rows][:, columns].astype(float))
            location = highest_patch(fit)
        return None if location is None else (location.place, location.share * location.confidence, "colored_place")

    def _colored_object(self, ask: Ask, noun: str, picture: PictureColors, colors: Sequence[str]) -> Location | None:
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
        width, height = ask.image.size
        pairs = zip(points, chances, strict=True)
        return densest_group(
            [(point.x / width, point.y / height, chance) for point, chance in pairs if chance >= best / 2]
        )

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
