"""`rsgpt:search`: the tiles of rasters, or the rows of a results layer, that match words or an example."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Union

from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsFeatureSink,
    QgsFields,
    QgsGeometry,
    QgsProcessing,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingParameterExtent,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFile,
    QgsProcessingParameterMapLayer,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
    QgsProcessingUtils,
    QgsRasterLayer,
    QgsVectorLayer,
    QgsVectorLayerFeatureSource,
)
from qgis.PyQt.QtCore import QCoreApplication
from qgis.PyQt.QtGui import QIcon

from ...client.backends import chosen_model
from ...client.preferences import load
from ...core.paths import picture_file, plugin_version, search_file
from ...core.picture_store import PictureStore
from ...core.search_index import SearchIndex
from ...errors import ImageryError, QuestionError, RsgptError
from ...geo.imagery.capture import CaptureOptions
from ...geo.imagery.layer_snapshot import LayerSnapshot, check_layer, check_source, take_snapshot
from ...geo.results.column_roles import result_columns
from ...geo.results.feature_columns import own_columns
from ...geo.results.layer_metadata import is_results
from ...geo.transforms import checked_transform
from ...icons import plugin_icon
from ...shared.files.search_index import IndexRows
from ...shared.results.descriptions import describe_run
from ...unexpected import log_unexpected
from ..algorithm_base import Parameters, report_errors
from ..output.destination import SinkShape, check_destination, parse_destination
from ..output.sink import OutputSink, write_error
from ..output.trial_write import try_rows
from .folder_tiles import FolderTiles, RasterFolder
from .picture_search import PictureScores, PictureSearch, index_picture, load_search, searching_model
from .picture_set import LayerTiles, OnePicture, ResultRows
from .result_captions import with_captions
from .search_rows import Match, matches, picture_fields, picture_rows, result_rows, score_fields, without_scores
from .similarity_styler import SimilarityStyler

translate = QCoreApplication.translate

_INPUT, _FOLDER, _QUERY, _LIKE, _SIZE, _EXTENT = "INPUT", "FOLDER", "QUERY", "LIKE", "TILE_SIZE", "EXTENT"
_TOP, _MINIMUM, _MODEL, _OUTPUT = "TOP", "MINIMUM", "MODEL", "OUTPUT"

_Pictures = Union[LayerTiles, FolderTiles, ResultRows]


class SearchPictures(QgsProcessingAlgorithm):
    """Ranks pictures by their similarity to words or to an example."""

    def __init__(self) -> None:
        super().__init__()
        self._input: Union[LayerSnapshot, RasterFolder, QgsVectorLayerFeatureSource, None] = None
        self._areas: dict[str, tuple[QgsGeometry, QgsCoordinateReferenceSystem]] = {}

    def name(self) -> str:
        return "search"

    def displayName(self) -> str:
        return self.tr("Search")

    def group(self) -> str:
        return self.tr("Describe imagery")

    def groupId(self) -> str:
        return "describe"

    def icon(self) -> QIcon:
        return plugin_icon()

    def tags(self) -> list[str]:
        return self.tr("search,find,similar,like,retrieval,tiles,words,example,caption").split(",")

    def shortDescription(self) -> str:
        return self.tr("Ranks the tiles of a raster, or the rows of a results layer, by words or by an example.")

    def shortHelpString(self) -> str:
        return self.tr(
            "This algorithm ranks pictures by how well they match words, for example “swimming pool next to a house”, "
            "or an example on the map. From a raster, or from all PNG, JPEG, and TIFF files in a folder and its "
            "subfolders, it writes one polygon per tile, best first. From a results "
            "layer, it writes a copy of the rows with the columns similarity (0 to 1) and rank; words are also "
            "compared with its captions and answers.\n\n"
            "What the model computes of a picture is stored in the search index, so that each picture is computed "
            "once; a stopped search continues where it stopped. The log says if no picture is sure to show what "
            "was searched for.\n\n"
            "The similarity of words is the probability that a picture shows what a short English query names."
        )

    def createInstance(self) -> SearchPictures:
        return SearchPictures()

    def tr(self, text: str) -> str:
        """Return `text` in the user's language."""
        return translate("Rsgpt", text)

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        kinds, numbers = QgsProcessing.SourceType, QgsProcessingParameterNumber.Type
        layers, folder = [kinds.TypeRaster, kinds.TypeVector], QgsProcessingParameterFile.Behavior.Folder
        model = self.tr("Model name or folder (model selected in the options if not set)")
        for parameter in (
            QgsProcessingParameterMapLayer(_INPUT, self.tr("Raster or results layer"), optional=True, types=layers),
            QgsProcessingParameterFile(_FOLDER, self.tr("Folder of rasters"), folder, optional=True),
            QgsProcessingParameterString(_QUERY, self.tr("Words to search for"), optional=True),
            QgsProcessingParameterExtent(_LIKE, self.tr("Example: find places like this one"), optional=True),
            QgsProcessingParameterNumber(
                _SIZE, self.tr("Tile size (pixels)"), numbers.Integer, 256, False, minValue=16, maxValue=1024
            ),
            QgsProcessingParameterExtent(_EXTENT, self.tr("Extent (entire layer if not set)"), optional=True),
            QgsProcessingParameterNumber(
                _TOP, self.tr("Number of results (all if not set)"), numbers.Integer, None, True, minValue=1
            ),
            QgsProcessingParameterNumber(
                _MINIMUM, self.tr("Minimum similarity"), numbers.Double, 0.0, False, minValue=0.0, maxValue=1.0
            ),
            QgsProcessingParameterString(_MODEL, model, optional=True),
            QgsProcessingParameterFeatureSink(_OUTPUT, self.tr("Search results")),
        ):
            self.addParameter(parameter)
        for name, label in (
            ("SEARCHED", self.tr("Pictures searched")),
            ("SURE", self.tr("Pictures that are sure to match")),
            ("FAILED", self.tr("Pictures that could not be searched")),
            ("BEST", self.tr("Best similarity")),
        ):
            self.addOutput(QgsProcessingOutputNumber(name, label))

    def checkParameterValues(self, parameters: Parameters, context: QgsProcessingContext) -> tuple[bool, str]:
        """Return whether the values can be used, and otherwise a message; no pixels are read."""
        try:
            words = self.parameterAsString(parameters, _QUERY, context).strip()
            if bool(words) == bool(parameters.get(_LIKE)):
                raise QuestionError(self.tr("Enter either words to search for or an example on the map."))
            self._check_input(parameters, context)
            chosen_model(self.parameterAsString(parameters, _MODEL, context).strip())
        except RsgptError as error:
            return False, str(error)
        except Exception as error:  # QGIS calls this from C++, which cannot handle Python exceptions
            return False, log_unexpected(error)
        is_valid, message = super().checkParameterValues(parameters, context)
        return is_valid, message

    def _check_input(self, parameters: Parameters, context: QgsProcessingContext) -> None:
        folder = self.parameterAsString(parameters, _FOLDER, context)
        if bool(folder) == bool(parameters.get(_INPUT)):
            raise ImageryError(self.tr("Choose either a layer or a folder of rasters."))
        if folder and parameters.get(_EXTENT):
            raise ImageryError(self.tr("An extent limits a layer, not a folder. Leave one of them empty."))
        if folder:
            return
        layer = self.parameterAsLayer(parameters, _INPUT, context)
        if isinstance(layer, QgsRasterLayer):
            check_layer(layer)
        elif layer is None:
            check_source(parameters.get(_INPUT))
            raise ImageryError(self.invalidSourceError(parameters, _INPUT))
        elif not is_results(layer):
            raise ImageryError(self.tr("The layer does not have the columns of results. Choose another one."))

    @report_errors
    def prepareAlgorithm(
        self, parameters: Parameters, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> bool:
        """Take what the run reads of the layer, on the main thread."""
        folder = Path(self.parameterAsString(parameters, _FOLDER, context))
        layer = self.parameterAsLayer(parameters, _INPUT, context)
        if layer is None and folder.name:
            self._input = RasterFolder(folder, context.transformContext())
            self._name, self._source, self._crs = folder.name, str(folder), QgsCoordinateReferenceSystem()
        elif isinstance(layer, QgsRasterLayer):
            self._input = take_snapshot(layer, context.transformContext())
        elif isinstance(layer, QgsVectorLayer):
            self._input = QgsVectorLayerFeatureSource(layer)
            self._columns, self._fields, self._kind = result_columns(layer), layer.fields(), layer.wkbType()
        else:
            raise QgsProcessingException(self.invalidSourceError(parameters, _INPUT))
        if layer is not None:
            self._name, self._source, self._crs = layer.name(), layer.source(), layer.crs()
        for name in (_LIKE, _EXTENT):
            if parameters.get(name):
                crs = self.parameterAsExtentCrs(parameters, name, context)
                to = self._crs if layer is not None else crs
                checked_transform(crs, to, context.transformContext())
                self._areas[name] = self.parameterAsExtentGeometry(parameters, name, context, to), crs
        return True

    @report_errors
    def processAlgorithm(
        self, parameters: Parameters, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        query = self.parameterAsString(parameters, _QUERY, context).strip()
        model = searching_model(self.parameterAsString(parameters, _MODEL, context).strip(), feedback)
        with SearchIndex(search_file()) as index, self._pictures(parameters, context, feedback) as pictures:
            rows = index.rows(model.fingerprint)
            search = load_search(pictures, model, rows, feedback)
            if query:
                search = with_captions(search, pictures, index, feedback)
            scores = search.by_words(query, feedback) if query else self._like(pictures, search, rows, feedback)
            top = self.parameterAsInt(parameters, _TOP, context) if parameters.get(_TOP) is not None else 0
            found = matches(search, scores, top, self.parameterAsDouble(parameters, _MINIMUM, context))
            described = query or self.tr("like the example {place}").format(place=self._areas[_LIKE][0].asWkt(6))
            identifier = self._write(found, pictures, search, described, (parameters, context))
        return {"OUTPUT": identifier, **self._report(search, scores, feedback)}

    @contextmanager
    def _pictures(
        self, parameters: Parameters, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> Iterator[_Pictures]:
        if isinstance(self._input, LayerSnapshot):
            size = self.parameterAsInt(parameters, _SIZE, context)
            extent = self._areas[_EXTENT][0] if _EXTENT in self._areas else None
            tiles = None
            try:
                tiles = LayerTiles(self._input, CaptureOptions(), size, extent, feedback)
                yield tiles
            finally:
                if tiles is not None:
                    tiles.close()
                self._input.leave_thread()
        elif isinstance(self._input, RasterFolder):
            folder = self._input.tiles(self.parameterAsInt(parameters, _SIZE, context), feedback)
            try:
                yield folder
            finally:
                folder.close()
        elif self._input is not None:
            features = list(self._input.getFeatures())
            with PictureStore(picture_file(), load().picture_bytes) as store:
                yield ResultRows(features, self._columns, self._crs, store)
        else:
            raise ImageryError(self.tr("The run was not prepared. Start it through Processing."))

    def _like(
        self, pictures: _Pictures, search: PictureSearch, rows: IndexRows, feedback: QgsProcessingFeedback
    ) -> PictureScores:
        """Return the scores for the example: the picture of the area, or of the row that covers its center."""
        area, crs = self._areas[_LIKE]
        if isinstance(self._input, RasterFolder):
            area.transform(checked_transform(crs, pictures.crs, self._input.context))
        if not isinstance(pictures, ResultRows):
            example = OnePicture(pictures.picture_of(area), area, pictures.crs)
            return search.by_example(index_picture(example, search.model, rows, feedback), rows)
        center = area.centroid()
        for number, key in enumerate(search.keys):
            if key and isinstance(key, str) and pictures.geometry(number).intersects(center):
                return search.by_example(key, rows)
        raise ImageryError(self.tr("The center of the example lies on no row with a picture. Choose another place."))

    def _write(
        self,
        found: list[Match],
        pictures: _Pictures,
        search: PictureSearch,
        query: str,
        run: tuple[Parameters, QgsProcessingContext],
    ) -> str:
        parameters, context = run
        to = parse_destination(parameters.get(_OUTPUT), self.parameterAsFileOutput(parameters, _OUTPUT, context))
        rasters, layers = ([], [self._source]) if isinstance(pictures, ResultRows) else ([self._source], [])
        check_destination(to, rasters, layers)
        title = self.tr("Search: {query}").format(query=query)
        description = describe_run(plugin_version(), self._name, search.model.name, title)
        trial = None
        if not isinstance(pictures, ResultRows):
            found_rows = picture_rows(found, pictures, search, query)
            shape = SinkShape(picture_fields(), Qgis.WkbType.Polygon, pictures.crs, _samples(pictures))
            trial = try_rows(to, shape)
        else:
            kept, features = without_scores(self._fields, pictures.features)
            own = own_columns(kept, features, to.ending, score_fields().names())
            pictures.features = [own.fitted(feature) for feature in features]
            fields = QgsProcessingUtils.combineFields(own.fields, score_fields())
            found_rows = result_rows(found, pictures, fields)
            shape = SinkShape(fields, self._kind, pictures.crs)
        output = OutputSink(lambda: self._open({**parameters, _OUTPUT: to.value}, context, shape, description), trial)
        self._add(output, found_rows)
        output.check(len(found))
        return output.identifier

    def _add(self, output: OutputSink, features: Iterator[QgsFeature]) -> None:
        sink = output.open()
        for feature in features:
            if not sink.addFeature(feature, QgsFeatureSink.Flag.FastInsert):
                raise write_error(sink.lastError())

    def _open(
        self, parameters: Parameters, context: QgsProcessingContext, shape: SinkShape, description: str
    ) -> tuple[Any, str]:
        try:
            sink, identifier = self.parameterAsSink(
                parameters, _OUTPUT, context, shape.fields, shape.wkb_type, shape.crs
            )
        except QgsProcessingException as error:
            raise write_error(str(error)) from error
        if sink is None:
            raise write_error("")
        if context.willLoadLayerOnCompletion(identifier):
            context.layerToLoadOnCompletionDetails(identifier).setPostProcessor(SimilarityStyler(description))
        return sink, identifier

    def _report(
        self, search: PictureSearch, scores: PictureScores, feedback: QgsProcessingFeedback
    ) -> dict[str, float]:
        best = float(scores.values.max())
        sure = int((scores.values >= scores.sure).sum())
        if search.failed:
            message = self.tr("{count} pictures are left out ({problem}).")
            feedback.pushWarning(message.format(count=len(search.failed), problem=search.failed[0]))
        if search.captions_problem:
            feedback.pushInfo(search.captions_problem)
        if not sure:
            message = self.tr(
                "Nothing that sure: the best similarity is {best}. A picture that shows what was searched for usually "
                "has at least {sure}."
            )
            feedback.pushWarning(message.format(best=f"{best:.2f}", sure=f"{scores.sure:g}"))
        return {"SEARCHED": len(search.numbers), "SURE": sure, "FAILED": len(search.failed), "BEST": best}


def _samples(pictures: Union[LayerTiles, FolderTiles]) -> tuple[QgsFeature, ...]:
    """Return a tile for the trial write."""
    feature = QgsFeature(QgsFields())
    feature.setGeometry(pictures.geometry(0))
    return (feature,)
