"""What OUTPUT names, looked at before a run: an output never replaces what the run reads or did not write."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional, Union

from qgis.core import (
    QgsDataSourceUri,
    QgsFeatureRequest,
    QgsProcessingOutputLayerDefinition,
    QgsProperty,
    QgsProviderRegistry,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QCoreApplication

from ...errors import OutputError
from ...shared.files.geopackage import check_corrected, check_replaceable, holds_results, user_tables
from ...shared.files.source_files import overwritten_input
from ...shared.results.columns import CORRECTED

translate = QCoreApplication.translate

_GEOPACKAGE = ".gpkg"
_IN_A_FILE = "ogr"  # the provider of tables inside files


@dataclass(frozen=True)
class OutputDestination:
    """Where rows go. value: for Processing. path, layer: the file and the layer in it; None and "" for no file.

    is_table: whether the layer is put into a file beside others, in place of making that file.
    """

    value: Any
    path: Optional[Path] = None
    layer: str = ""
    is_table: bool = False

    @property
    def ending(self) -> str:
        """The file's ending in small letters; that of a GeoPackage where the name has none."""
        return (self.path.suffix.lower() or _GEOPACKAGE) if self.path is not None else ""


def place_of(name: str) -> tuple[str, str]:
    """The file and the layer in it that an output, or the source of a layer, names."""
    provider, _, rest = name.partition(":")
    if provider == _IN_A_FILE:
        uri = QgsDataSourceUri(rest)
        return uri.database(), uri.table()
    parts = QgsProviderRegistry.instance().decodeUri(_IN_A_FILE, name)
    path = str(parts.get("path") or "")
    return path, str(parts.get("layerName") or Path(path).name.partition(".")[0])


def destination(value: Any, name: str) -> OutputDestination:
    """Read OUTPUT. value: as the parameter has it; name: as Processing spells it out.

    A file that is a GeoPackage with other layers becomes a table in it: Processing would begin the file anew.
    """
    provider = name.partition(":")[0]
    if provider == _IN_A_FILE:
        database, table = place_of(name)
        return OutputDestination(value, Path(database), table, is_table=True)
    if not name or provider == "memory" or provider in QgsProviderRegistry.instance().providerList():
        return OutputDestination(value)
    path = Path(name) if Path(name).suffix else Path(f"{name}{_GEOPACKAGE}")
    layer = path.name.partition(".")[0]
    if path.suffix.lower() == _GEOPACKAGE and path.is_file() and _others(path, layer):
        return OutputDestination(_moved(value, table_in(path, layer)), path, layer, is_table=True)
    return OutputDestination(value, path, layer)


def check_destination(to: OutputDestination, rasters: Iterable[str], layers: Iterable[str]) -> None:
    """OutputError where rows written there would replace an input, or what is no result.

    rasters, layers: the sources of the run's inputs. Another layer of the GeoPackage that holds the features is fine.
    """
    if to.path is None:
        _check_table(to)
        return
    beside = [source for source in layers if not (to.is_table and _is_other_layer(source, to.layer))]
    read = overwritten_input(to.path, [*rasters, *beside])
    if read is not None:
        sentence = translate("Rsgpt", "{path} would replace {input}, which this run reads. Choose another output.")
        raise OutputError(sentence.format(path=to.path, input=read))
    if not to.path.exists():
        return
    if to.ending == _GEOPACKAGE:
        check_replaceable(to.path, to.layer)
    else:
        _check_file(to.path)


def _others(path: Path, layer: str) -> list[str]:
    return [name for name in user_tables(path) if name.casefold() != layer.casefold()]


def table_in(path: Path, layer: str) -> str:
    """The name of a table in a GeoPackage, as Processing reads it."""
    uri = QgsDataSourceUri()
    uri.setDatabase(str(path))
    uri.setTable(layer)
    uri.setGeometryColumn("geom")
    return f"{_IN_A_FILE}:{uri.uri(False)}"


def _moved(value: Any, name: str) -> Any:
    """The parameter with another place."""
    if not isinstance(value, QgsProcessingOutputLayerDefinition):
        return name
    moved = QgsProcessingOutputLayerDefinition(value)
    moved.sink = QgsProperty.fromValue(name)
    return moved


def _is_other_layer(source: str, layer: str) -> bool:
    """Whether a source names a layer of a file, and another one."""
    parts = QgsProviderRegistry.instance().decodeUri(_IN_A_FILE, source)
    named = parts.get("layerName")
    return bool(named) and named.casefold() != layer.casefold()


def _check_table(to: OutputDestination) -> None:
    """A table of a database, which only its provider can look at."""
    if not isinstance(to.value, (str, QgsProcessingOutputLayerDefinition)):
        return
    name = to.value if isinstance(to.value, str) else str(to.value.sink.staticValue() or "")
    provider, _, uri = name.partition(":")
    if provider == "memory" or provider not in QgsProviderRegistry.instance().providerList():
        return
    layer, table = QgsVectorLayer(uri, "there", provider), QgsDataSourceUri(uri).table()
    if not layer.isValid():
        return
    if not holds_results(layer.fields().names()):
        sentence = translate("Rsgpt", "The table {table} is not a result of RSGPT. Choose another output.")
        raise OutputError(sentence.format(table=table))
    _check_untouched(layer, table)


def _check_file(path: Path) -> None:
    """OutputError unless every layer of an existing file is a result that nobody corrected; an empty file has none."""
    if path.is_file() and not path.stat().st_size:
        return
    found = QgsProviderRegistry.instance().querySublayers(str(path))
    layers = [QgsVectorLayer(one.uri(), "there", one.providerKey()) for one in found]
    if not layers or not all(holds_results(layer.fields().names()) for layer in layers):
        sentence = translate(
            "Rsgpt", "{path} holds data that is not a result of RSGPT and would be replaced. Choose another output."
        )
        raise OutputError(sentence.format(path=path))
    for layer in layers:
        _check_untouched(layer, path)


def _check_untouched(layer: QgsVectorLayer, name: Union[Path, str]) -> None:
    """OutputError where a person corrected rows of what is there. name: of its file or table."""
    if layer.fields().indexOf(CORRECTED) >= 0:
        request = QgsFeatureRequest().setFilterExpression(f"{CORRECTED} <> ''")
        check_corrected(name, sum(1 for _ in layer.getFeatures(request)))
