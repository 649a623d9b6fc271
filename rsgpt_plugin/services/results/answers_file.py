"""The GeoPackage of the answers about single places, next to the project or in the data folder."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from itertools import count
from pathlib import Path

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFields,
    QgsProject,
    QgsProviderRegistry,
    QgsVectorFileWriter,
    QgsVectorLayer,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QCoreApplication

from ...core.paths import answers_folder
from ...errors import OutputError
from ...geo.results.column_roles import result_columns
from ...geo.results.layer_metadata import is_results
from ...geo.results.styles.stored_style import store_style
from ...shared.files.geopackage import check_writable, remove_companions

translate = QCoreApplication.translate

_LAYER = "answers"
# Much shorter than the wait of GDAL, because the answer is added on the main thread.
_LOCK_TIMEOUT_S = 0.2


def open_answers(
    project: QgsProject, name: str, fields: QgsFields, crs: QgsCoordinateReferenceSystem
) -> tuple[QgsVectorLayer, str]:
    """Return a layer with the answers of a project, not yet added to it. A missing file is created, with this CRS.

    Return also why the file is not next to the saved project, "" if it is. Raises OutputError if no file can be
    created.
    """
    paths = _paths_of(project)
    new = _new_path()
    if not paths:
        return _opened([new], project, name, fields, crs), ""
    try:
        return _opened(paths, project, name, fields, crs), ""
    except OutputError as error:
        try:
            layer = _opened([new], project, name, fields, crs)
        except OutputError:
            raise error from None
        message = translate("Rsgpt", "The answers are in {path}. {problem}")
        return layer, message.format(problem=error, path=new)


def _opened(
    paths: Sequence[Path], project: QgsProject, name: str, fields: QgsFields, crs: QgsCoordinateReferenceSystem
) -> QgsVectorLayer:
    """Return the layer of the first path that is a file of answers, or can become one. Raises OutputError otherwise."""
    for path in paths:
        try:
            if not path.exists():
                _create(path, fields, crs, project)
        except OSError as error:
            raise _uncreated(path, str(error)) from error
        layer = QgsVectorLayer(f"{path}|layername={_LAYER}", name, "ogr")
        if is_results(layer) and result_columns(layer).holds_clicks:
            return layer
    raise _uncreated(paths[0], "")


def check_answers(layer: QgsVectorLayer) -> None:
    """Raise OutputError at once if the file of a layer cannot be written now; GDAL would wait for 20 s.

    A user may have made the layer permanent in another format, which is not checked further.
    """
    parts = QgsProviderRegistry.instance().decodeUri(layer.providerType(), layer.source())
    path = Path(str(parts.get("path") or ""))
    if path.is_absolute() and not path.exists():  # sources without a file, such as addresses, are not absolute
        message = translate(
            "Rsgpt",
            "{path} no longer exists. Remove the layer “{layer}” from the project to start a new file with the next "
            "answer.",
        )
        raise OutputError(message.format(path=path, layer=layer.name()))
    if not layer.isValid():
        message = translate(
            "Rsgpt",
            "The layer “{layer}” cannot be opened. Repair its data source, or remove it from the project to start a "
            "new file with the next answer.",
        )
        raise OutputError(message.format(layer=layer.name()))
    if layer.storageType() == "GPKG":
        check_writable(path, _LOCK_TIMEOUT_S)


def _paths_of(project: QgsProject) -> list[Path]:
    """Return the paths to try next to a saved project; none if the project has no folder that can be written."""
    file = Path(project.absoluteFilePath()) if project.fileName() else Path()
    if not (file.is_file() and os.access(file.parent, os.W_OK)):
        return []
    names = (f"{file.stem}_rsgpt_answers{suffix}.gpkg" for suffix in ("", *(f"_{n}" for n in range(2, 10))))
    return [file.parent / name for name in names]


def _new_path() -> Path:
    """Return a new path in the data folder."""
    folder, stem = answers_folder(), datetime.now().astimezone().strftime("answers_%Y-%m-%d_%H%M%S")
    suffixes = ("" if number == 1 else f"_{number}" for number in count(1))
    return next(path for path in (folder / f"{stem}{suffix}.gpkg" for suffix in suffixes) if not path.exists())


def _create(path: Path, fields: QgsFields, crs: QgsCoordinateReferenceSystem, project: QgsProject) -> None:
    """Create the file without rows, unless another QGIS creates it at the same time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.stem}.{os.getpid()}.part.gpkg")
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName, options.layerName = "GPKG", _LAYER
    try:
        polygon, context = QgsWkbTypes.Type.Polygon, project.transformContext()
        writer = QgsVectorFileWriter.create(str(draft), fields, polygon, crs, context, options)
        problem = writer.errorMessage()
        del writer  # completes the file
        if problem:
            raise _uncreated(path, problem)
        store_style(f"{draft}|layername={_LAYER}", target=path)
        _publish(draft, path)
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
            remove_companions(draft)


def _publish(draft: Path, path: Path) -> None:
    """Move the draft to a path that does not exist yet."""
    with suppress(FileExistsError):
        try:
            os.link(draft, path)
        except FileExistsError:
            raise
        except OSError:
            if not path.exists():  # a file system without links
                draft.rename(path)


def _uncreated(path: Path, cause: str) -> OutputError:
    message = translate("Rsgpt", "{path} cannot be created. Check that its folder is writable. {cause}")
    return OutputError(message.format(path=path, cause=cause).strip())
