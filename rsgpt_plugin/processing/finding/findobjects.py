"""`rsgpt:findobjects`: the objects in a raster, as points or boxes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, cast

from qgis.core import (
    QgsFeature,
    QgsFeatureSink,
    QgsFields,
    QgsGeometry,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
)
from qgis.PyQt.QtGui import QIcon

from ...client.answer_source import AnswerMemory
from ...client.backends import chosen_model
from ...geo.imagery.capture import Capture, open_capture
from ...geo.imagery.layer_snapshot import LayerSnapshot
from ...geo.imagery.mask_polygons import PreparedArea
from ...geo.imagery.picture import Picture
from ...icons import plugin_icon
from ...shared.model_abilities import FinderInfo
from ...shared.objects.search_grid import SearchGrid, SearchWindows, reduction, search_grid
from ...shared.rasters.tiles import Window
from ...shared.results.columns import object_columns_help
from ...shared.results.descriptions import SearchedExtent, counts_by_object, objects_name
from ..algorithm_base import Parameters, PreparedRun, RunAlgorithm, report_errors
from ..output.destination import SinkShape
from ..output.sink import OutputSink
from ..parameter_kinds import GivenValues
from ..parameters import BOXES, LEAST_SURE, MODEL, OBJECT_MASK, OBJECTS, WANTED, Settings
from ..raster_area import RasterArea, read_area
from ..run import CaptureTarget, RunCounts
from ..run_registry import RunRecorder
from .object_layer import ObjectLayer, object_fields
from .object_search import WantedObjects
from .window_run import FindCounts, WindowRun

_FOUND = "FOUND"


class FindObjects(RunAlgorithm):
    """Writes one point or box per object of a raster, however search windows cut it."""

    _area: RasterArea  # set by prepareAlgorithm
    _layer: ObjectLayer  # set by processed
    _searched: SearchedExtent  # set by processed

    def __init__(self) -> None:
        super().__init__()
        self._objects: Mapping[str, int] = {}

    def name(self) -> str:
        return OBJECTS

    def displayName(self) -> str:
        return self.tr("Find objects")

    def icon(self) -> QIcon:
        return plugin_icon("find")

    def tags(self) -> list[str]:
        return self.tr("find,object,detect,count,airplane,building,car,ship,tree,points,boxes,caption,model,ai").split(
            ","
        )

    def shortDescription(self) -> str:
        return self.tr("Finds objects in a raster, and writes one point or box per object.")

    def shortHelpString(self) -> str:
        text = self.tr(
            "This algorithm searches a raster for objects that the model in the options can find, and writes one point "
            "per object, or its box as a polygon, with a confidence and the details needed to repeat the run. The "
            "name of the layer states the counts.\n\n"
            "The raster is searched in overlapping windows with fixed places on the ground. An object that several "
            "windows see is written once, and an extent or a mask does not change what is found inside it.\n\n"
            "The model recognizes objects by their size on the ground and in pixels: in a raster with a coarse "
            "resolution, it misses small objects.\n\n"
            "Windows are cached. If you repeat a run, resume a stopped run, or search for another object, only windows "
            "that were not searched before are sent to the model.\n\n"
            "Privacy: a model on this computer does not send data anywhere. A remote server receives each window, "
            "after you have allowed its host. It does not receive coordinates or names."
        )
        return f"{text}\n\n{self.tr('Columns of the output layer:')}\n{object_columns_help()}"

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        super().initAlgorithm(configuration)
        self.addOutput(QgsProcessingOutputNumber(_FOUND, self.tr("Objects found")))

    def prompts(self, settings: Settings) -> WantedObjects:
        model, labels = chosen_model(settings[MODEL]), settings[WANTED]
        search = WantedObjects(model, labels, settings[LEAST_SURE], settings[BOXES])
        return search.completed() if search.is_known() else search

    @report_errors
    def prepareAlgorithm(
        self, parameters: Parameters, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> bool:
        super().prepareAlgorithm(parameters, context, feedback)
        self._area = read_area(GivenValues(self, parameters, context), OBJECT_MASK, self.prepared().snapshot)
        return True

    def processed(
        self, plan: PreparedRun, parameters: Parameters, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        to, area = self.destination(parameters, context), self._area.on_layer()
        search = cast("WantedObjects", plan.prompts).completed(feedback)
        self.plan = replace(plan, prompts=search)
        capture = open_capture(plan.snapshot, plan.capture, area.boundingBox(), feedback)
        grid = _grid(capture, search.finder)
        # One stretch for all of the raster, so that an extent does not change pictures.
        capture = capture.settled(SearchWindows(grid), feedback)
        if capture.note:
            feedback.pushInfo(capture.note)
        searched = area if self._area.is_whole else self._area.masked(area, capture.frame, grid.window(0).width)
        prepared = None if self._area.is_whole else PreparedArea(searched, capture.frame)
        self._layer = ObjectLayer(search, grid, capture.frame, _source(plan.snapshot), prepared)
        self._searched = _extent(searched, plan.snapshot)
        numbers = self._layer.numbers()
        shape = SinkShape(self.fields(), self._layer.wkb_type, plan.snapshot.crs, (self._layer.sample(),))
        output = self.output(parameters, context, shape, to)
        places = _places(capture, grid, numbers, search.finder.fill)
        counts = self.ask(output, places, len(numbers), feedback)
        return self.results(output.identifier, counts, feedback)

    def fields(self) -> QgsFields:
        return object_fields()

    def new_run(
        self, memory: AnswerMemory, output: OutputSink, feedback: QgsProcessingFeedback, recorder: RunRecorder
    ) -> WindowRun:
        def open_sink(counts: FindCounts) -> QgsFeatureSink:
            self._objects = counts.objects
            return output.open()

        return WindowRun(self._layer, memory, open_sink, feedback, recorder.update, sink_name=lambda: output.identifier)

    def layer_name(self) -> str:
        return objects_name(self.prepared().request.title, self._objects)

    def _description(self) -> str:
        return f"{super()._description()}\n{self._searched.describe()}"

    def counts_text(self, counts: RunCounts) -> str:
        return self.tr(
            "%n search window(s): {answered} searched, {skipped} skipped, {failed} failed; "
            "{cached} were already searched.",
            "",
            counts.tiles,
        )

    def results(self, identifier: str, counts: RunCounts, feedback: QgsProcessingFeedback) -> dict[str, Any]:
        results = super().results(identifier, counts, feedback)
        feedback.pushInfo(self.tr("Found: {objects}.").format(objects=counts_by_object(results.pop("OBJECTS"))))
        return {**results, _FOUND: counts.rows}


def _grid(capture: Capture, finder: FinderInfo) -> SearchGrid:
    gsd_m = capture.meter.resolution(capture.frame, capture.frame.whole)
    return search_grid(capture.frame, finder.max_side, reduction(gsd_m, finder.finest_gsd_m))


def _extent(area: QgsGeometry, snapshot: LayerSnapshot) -> SearchedExtent:
    box = area.boundingBox()
    sides = (box.xMinimum(), box.xMaximum(), box.yMinimum(), box.yMaximum())
    return SearchedExtent(sides, snapshot.crs.authid())


def _source(snapshot: LayerSnapshot) -> str:
    return snapshot.file.path or str(snapshot.layer.source())


def _places(
    capture: Capture, grid: SearchGrid, numbers: Sequence[int], fill: tuple[int, int, int]
) -> Iterator[CaptureTarget]:
    for number in numbers:
        yield CaptureTarget(QgsFeature(), partial(_picture, capture, grid.window(number), fill), number)


def _picture(capture: Capture, window: Window, fill: tuple[int, int, int]) -> Picture:
    return capture.picture(window).filled(fill)
