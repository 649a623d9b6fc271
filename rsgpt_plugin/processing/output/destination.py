"""The destination of a run's rows, and checks that it overwrites neither inputs nor data of others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional, Union

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsDataSourceUri,
    QgsFeature,
    QgsFeatureRequest,
    QgsFields,
    QgsProcessingOutputLayerDefinition,
    QgsProject,
    QgsProperty,
    QgsProviderRegistry,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QCoreApplication

from ...errors import OutputError
from ...shared.files.geopackage import check_corrected, check_replaceable, holds_results, user_tables
from ...shared.files.source_files import overwritten_input
from ...shared.results.columns import CHECKED, CORRECTED

translate = QCoreApplication.translate

_GEOPACKAGE = ".gpkg"
_OGR = "ogr"  # the provider of tables inside files


@dataclass(frozen=True)
class SinkShape:
    """Columns, geometry type, and CRS of an output.

    samples: features to describe, with values for the first of `fields`.
    """

    fields: QgsFields
    wkb_type: Any
    crs: QgsCoordinateReferenceSystem
    samples: tuple[QgsFeature, ...] = ()


@dataclass(frozen=True)
class OutputDestination:
    """The destination of rows.

    value: the parameter value for Processing. path, layer: the file and the layer in it, or None and "". is_table:
    whether the layer is added to an existing file.
    """

    value: Any
    path: Optional[Path] = None
    layer: str = ""
    is_table: bool = False

    @property
    def ending(self) -> str:
        """The suffix of the file in lower case; ".gpkg" for a name without suffix, "" for no file."""
        return (self.path.suffix.lower() or _GEOPACKAGE) if self.path is not None else ""


def file_and_layer(name: str) -> tuple[str, str]:
    """Return file and layer of an output, or of the source of a layer."""
    provider, _, rest = name.partition(":")
    if provider == _OGR:
        uri = QgsDataSourceUri(rest)
        return uri.database(), uri.table()
    parts = QgsProviderRegistry.instance().decodeUri(_OGR, name)
    path = str(parts.get("path") or "")
    return path, str(parts.get("layerName") or Path(path).name.partition(".")[0])


def layers_showing(name: str, project: Optional[QgsProject]) -> list[QgsVectorLayer]:
    """Return the layers of the project that show an output or the source of a layer, however their source names it."""
    path, table = file_and_layer(name)
    layers = project.mapLayers().values() if project is not None and path else ()
    candidates = [layer for layer in layers if isinstance(layer, QgsVectorLayer) and layer.providerType() == _OGR]
    places = [(layer, *file_and_layer(layer.source())) for layer in candidates]
    return [layer for layer, file, shown in places if (file, shown.casefold()) == (path, table.casefold())]


def parse_destination(value: Any, name: str) -> OutputDestination:
    """Parse the OUTPUT parameter. value: the parameter value. name: the output as Processing evaluates it.

    For a GeoPackage with other layers, the output becomes a table in it, as Processing would overwrite the file.
    """
    provider = name.partition(":")[0]
    if provider == _OGR:
        database, table = file_and_layer(name)
        return OutputDestination(value, Path(database), table, is_table=True)
    if not name or provider == "memory" or provider in QgsProviderRegistry.instance().providerList():
        return OutputDestination(value)
    path = Path(name) if Path(name).suffix else Path(f"{name}{_GEOPACKAGE}")
    layer = path.name.partition(".")[0]
    if path.suffix.lower() == _GEOPACKAGE and path.is_file() and _others(path, layer):
        return OutputDestination(_redirected(value, table_in(path, layer)), path, layer, is_table=True)
    return OutputDestination(value, path, layer)


def check_destination(output: OutputDestination, rasters: Iterable[str], layers: Iterable[str]) -> None:
    """Raise OutputError if the output would overwrite an input, other data, or corrected results.

    rasters, layers: the sources of the run's inputs. The output may be another layer of an input GeoPackage.
    """
    if output.path is None:
        _check_table(output)
        return
    inputs = [source for source in layers if not (output.is_table and _is_other_layer(source, output.layer))]
    overwritten = overwritten_input(output.path, [*rasters, *inputs])
    if overwritten is not None:
        message = translate("Rsgpt", "{path} would overwrite {input}, which this run reads. Choose another output.")
        raise OutputError(message.format(path=output.path, input=overwritten))
    if not output.path.exists():
        return
    if output.ending == _GEOPACKAGE:
        check_replaceable(output.path, output.layer)
    else:
        _check_file(output.path)


def _others(path: Path, layer: str) -> list[str]:
    return [name for name in user_tables(path) if name.casefold() != layer.casefold()]


def table_in(path: Path, layer: str) -> str:
    """Return the output name of a table in a GeoPackage, in the form that Processing reads."""
    uri = QgsDataSourceUri()
    uri.setDatabase(str(path))
    uri.setTable(layer)
    uri.setGeometryColumn("geom")
    return f"{_OGR}:{uri.uri(False)}"


def _redirected(value: Any, name: str) -> Any:
    """Return the parameter value with another output name."""
    if not isinstance(value, QgsProcessingOutputLayerDefinition):
        return name
    definition = QgsProcessingOutputLayerDefinition(value)
    definition.sink = QgsProperty.fromValue(name)
    return definition


def _is_other_layer(source: str, layer: str) -> bool:
    """Whether a source names a layer of a file other than `layer`."""
    parts = QgsProviderRegistry.instance().decodeUri(_OGR, source)
    name = parts.get("layerName")
    return bool(name) and name.casefold() != layer.casefold()


def _check_table(output: OutputDestination) -> None:
    """Check a database table, which only its provider can read."""
    if not isinstance(output.value, (str, QgsProcessingOutputLayerDefinition)):
        return
    name = output.value if isinstance(output.value, str) else str(output.value.sink.staticValue() or "")
    provider, _, uri = name.partition(":")
    if provider == "memory" or provider not in QgsProviderRegistry.instance().providerList():
        return
    layer, table = QgsVectorLayer(uri, "existing", provider), QgsDataSourceUri(uri).table()
    if not layer.isValid():
        return
    if not holds_results(layer.fields().names()):
        message = translate("Rsgpt", "The table {table} is not a result of RSGPT. Choose another output.")
        raise OutputError(message.format(table=table))
    _check_uncorrected(layer, table)


def _check_file(path: Path) -> None:
    """Raise OutputError if an existing file has layers that are not results, or corrected rows. It may be empty."""
    if path.is_file() and not path.stat().st_size:
        return
    sublayers = QgsProviderRegistry.instance().querySublayers(str(path))
    layers = [QgsVectorLayer(sublayer.uri(), "existing", sublayer.providerKey()) for sublayer in sublayers]
    if not layers or not all(holds_results(layer.fields().names()) for layer in layers):
        message = translate(
            "Rsgpt", "{path} holds data that is not a result of RSGPT and would be overwritten. Choose another output."
        )
        raise OutputError(message.format(path=path))
    for layer in layers:
        _check_uncorrected(layer, path)


def _check_uncorrected(layer: QgsVectorLayer, name: Union[Path, str]) -> None:
    """Raise OutputError if the layer has corrected or checked rows. name: the file or table for the message."""
    for mark in (CORRECTED, CHECKED):
        if layer.fields().indexOf(mark) >= 0:
            request = QgsFeatureRequest().setFilterExpression(f"{mark} <> ''")
            check_corrected(name, sum(1 for _ in layer.getFeatures(request)))
