"""What a run will cost, from its parameters alone: no pixel is read, and no server is contacted."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Optional

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsGeometry,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsRasterLayer,
)
from qgis.PyQt.QtCore import QCoreApplication, QLocale

from ...client.installed_models import ModelInfo
from ...client.server.endpoint import read_address
from ...core.paths import runs_file
from ...core.run_store import RunEntry, RunState, RunStore
from ...errors import ImageryError, OutputError, RsgptError
from ...geo.imagery.gsd import QgisGroundMeter
from ...geo.imagery.provider_bands import has_pixels
from ...geo.imagery.rendered_capture import rendering_frame
from ...geo.imagery.tile_geometry import QgisGrid, checked_grid
from ...processing import parameters as table
from ...processing.parameter_kinds import GivenValues
from ...processing.parameters import Settings, read_settings, run_questions
from ...processing.run_progress import time_text
from ...shared.rasters.tiles import TileGrid

translate = QCoreApplication.translate

_MIN_PROMPTS = 10  # of an earlier run, for a rate that says something


@dataclass(frozen=True)
class TilePlan:
    """The tiles of a run. frame: their pixel grid, in `crs`."""

    frame: QgisGrid
    grid: TileGrid
    crs: QgsCoordinateReferenceSystem


@dataclass(frozen=True)
class RunEstimate:
    """places: tiles or features. prompts: per place. seconds: infinite if unknown. host: "" if it is this computer.

    has_mask: whether a mask may leave out some of the places. tiles: None for features. problem: why a run fails.
    """

    places: int
    prompts: int
    seconds: float
    host: str
    has_mask: bool = False
    tiles: Optional[TilePlan] = None
    problem: str = ""

    @property
    def text(self) -> str:
        """The estimate as one line, or the problem."""
        if self.problem:
            return self.problem
        locale = QLocale()
        unit = (
            translate("Rsgpt", "%n tile(s)", "", self.places)
            if self.tiles
            else translate("Rsgpt", "%n feature(s)", "", self.places)
        )
        answers = self.places * self.prompts
        sentence = translate("Rsgpt", "{places} × {prompts} = {answers} answers")
        if self.has_mask:
            sentence = translate("Rsgpt", "at most {places} × {prompts} = {answers} answers")
        parts = [sentence.format(places=unit, prompts=self.prompts, answers=locale.toString(answers))]
        duration = time_text(self.seconds)
        where = translate("Rsgpt", "nothing leaves this computer")
        if self.host:
            where = translate("Rsgpt", "pictures and questions are sent to {host}").format(host=self.host)
        return ", ".join(filter(None, [*parts, duration, where]))


def run_estimate(
    algorithm: QgsProcessingAlgorithm, parameters: Mapping[str, Any], context: QgsProcessingContext
) -> Optional[RunEstimate]:
    """Return the estimate; None while a value is missing or not valid, or the number of features is not known.

    Call it on the main thread.
    """
    values = GivenValues(algorithm, parameters, context)
    try:
        table.check_settings(values)
        settings = read_settings(values)
        questions = run_questions(settings)
        tiles = _tile_plan(values, settings) if algorithm.name() == table.TILES else None
        source = table.PLACES.source(values) if tiles is None else None
    except RsgptError:
        return None
    if tiles is None and source is None:
        return None
    places = len(tiles.grid) if tiles else int(source.featureCount()) if source else 0
    if places < 0:  # of features with a filter
        return None
    prompts, has_mask = len(questions.sent), bool(tiles and parameters.get(table.MASK.name))
    seconds = places * prompts * _seconds_per_prompt(questions.model) if places * prompts else 0.0
    return RunEstimate(places, prompts, seconds, _host(questions.model), has_mask, tiles, _excess(tiles))


def ground_resolution(
    algorithm: QgsProcessingAlgorithm, parameters: Mapping[str, Any], context: QgsProcessingContext
) -> Optional[float]:
    """Return the meters per pixel of the tiles of a run; None if they are not known. Call it on the main thread."""
    values = GivenValues(algorithm, parameters, context)
    try:
        plan = _tile_plan(values, read_settings(values))
    except RsgptError:
        return None
    if plan is None:
        return None
    return QgisGroundMeter(plan.crs, context.transformContext()).resolution(plan.frame, plan.grid.region)


def _tile_plan(values: GivenValues, settings: Settings) -> Optional[TilePlan]:
    layer = table.INPUT.layer(values)
    if layer is None or not layer.isValid() or layer.dataProvider() is None or layer.extent().isEmpty():
        return None
    area = table.EXTENT.geometry(values, layer.crs())
    part = QgsGeometry.fromRect(layer.extent())
    if area is not None:
        part = part.intersection(area)
    if part.isEmpty() or not part.boundingBox().isFinite():
        return None
    frame = _frame(layer, part, settings, values.context)
    region = frame.whole if area is None else frame.window(part).clipped(frame)
    return TilePlan(frame, TileGrid(region, int(settings[table.TILE_SIZE]), settings[table.OVERLAP]), layer.crs())


def _excess(plan: Optional[TilePlan]) -> str:
    """Return why a run refuses so many tiles, "" if it does not."""
    try:
        if plan is not None:
            checked_grid(plan.grid)
    except ImageryError as error:
        return str(error)
    return ""


def _frame(layer: QgsRasterLayer, part: QgsGeometry, settings: Settings, context: QgsProcessingContext) -> QgisGrid:
    """Return the pixel grid of the pictures; of a raster that is not north-up, that of QGIS's resampled layer."""
    options = table.capture_options(settings)
    provider = layer.dataProvider()
    is_drawn = not has_pixels(provider) or (options.ground_resolution > 0 and not options.bands)
    area = part.boundingBox() if is_drawn else layer.extent()
    meter = QgisGroundMeter(layer.crs(), context.transformContext())
    return rendering_frame(provider, meter, area, options.ground_resolution if is_drawn else 0.0)


def _host(model: ModelInfo) -> str:
    if not model.server:
        return ""
    endpoint = read_address(model.server)
    return "" if endpoint.is_loopback else endpoint.origin


def _seconds_per_prompt(model: ModelInfo) -> float:
    """Return the time per prompt in the latest run of the model that asked enough; infinity if there is none."""
    if not runs_file().is_file():
        return math.inf
    try:
        with RunStore(runs_file()) as store:
            entries = store.entries()
    except OutputError:
        return math.inf
    return _measured(entries, model.folder or model.name)


def _measured(entries: Sequence[RunEntry], model: str) -> float:
    for entry in entries:
        asked = entry.counts.get("asked", 0)
        if (
            entry.state is RunState.FINISHED
            and entry.request.parameters.get("MODEL") == model
            and asked >= _MIN_PROMPTS
        ):
            elapsed = datetime.fromisoformat(entry.told_at) - datetime.fromisoformat(entry.began_at)
            return elapsed.total_seconds() / asked
    return math.inf
