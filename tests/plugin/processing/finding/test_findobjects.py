"""Tests of `rsgpt:findobjects` in a real QGIS with a scripted finder: places, counts, cache, and refusals."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import processing
import pytest
from processing.gui import BatchPanel
from processing.gui.BatchAlgorithmDialog import BatchAlgorithmDialog
from qgis.core import (
    QgsApplication,
    QgsFeature,
    QgsGeometry,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelChildAlgorithm,
    QgsProcessingModelChildParameterSource,
    QgsProcessingModelOutput,
    QgsProcessingModelParameter,
    QgsProcessingParameterRasterLayer,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorLayer,
)

from rsgpt_plugin.shared.results.columns import object_columns
from rsgpt_plugin.shared.results.descriptions import objects_name, searched_extents
from tests.plugin.processing.conftest import ScriptedGateway, rows_of
from tests.plugin.rasters import NORTH_UP, OddRaster

from .conftest import BOX, FILL, PLANE, dotted, shown

pytestmark = pytest.mark.usefixtures("provider")

Make = Callable[..., QgsRasterLayer]


def find(layer: QgsRasterLayer, feedback: QgsProcessingFeedback | None = None, **parameters: Any) -> dict[str, Any]:
    values = {"INPUT": layer, "OBJECTS": ["airplane"], "OUTPUT": "TEMPORARY_OUTPUT", **parameters}
    return processing.run("rsgpt:findobjects", values, feedback=feedback)


def refusal(layer: QgsRasterLayer, **parameters: Any) -> str:
    with pytest.raises(QgsProcessingException) as caught:
        find(layer, **parameters)
    return str(caught.value)


def places(output: Any) -> list[tuple[float, float]]:
    """Return the objects in pixels of a raster at NORTH_UP."""
    points = [row.geometry().centroid().asPoint() for row in rows_of(output)]
    return sorted((round((p.x() - NORTH_UP[0]) / 0.5, 3), round((NORTH_UP[3] - p.y()) / 0.5, 3)) for p in points)


def planes(values: np.ndarray) -> list[tuple[float, float]]:
    return sorted((column + 0.5, row + 0.5) for row, column in np.argwhere(values[0] == PLANE).tolist())


def part(values: np.ndarray, left: int, top: int) -> tuple[np.ndarray, OddRaster]:
    """Return a raster without its first columns and rows."""
    x, y = NORTH_UP[0] + left * 0.5, NORTH_UP[3] - top * 0.5
    return values[:, top:, left:].copy(), OddRaster((x, *NORTH_UP[1:3], y, *NORTH_UP[4:]))


def box(left: float, top: float, right: float, bottom: float) -> QgsRectangle:
    """Return pixels of a raster at NORTH_UP as a rectangle."""
    x, y = NORTH_UP[0], NORTH_UP[3]
    return QgsRectangle(x + left / 2, y - bottom / 2, x + right / 2, y - top / 2)


def extent(*sides: float) -> str:
    area = box(*sides)
    return f"{area.xMinimum()},{area.xMaximum()},{area.yMinimum()},{area.yMaximum()} [EPSG:32611]"


def mask_of(*sides: float) -> QgsVectorLayer:
    mask, feature = QgsVectorLayer("Polygon?crs=EPSG:32611", "mask", "memory"), QgsFeature()
    feature.setGeometry(QgsGeometry.fromRect(box(*sides)))
    mask.dataProvider().addFeatures([feature])
    return mask


@pytest.mark.parametrize(("left", "top"), [(0, 0), (100, 37), (383, 200)])
def test_each_object_is_written_once_wherever_the_raster_begins(
    raster: Make, finder: ScriptedGateway, left: int, top: int
) -> None:
    values = dotted()
    result = find(raster(*part(values, left, top)))
    expected = [(x, y) for x, y in planes(values) if x > left and y > top]
    assert places(result["OUTPUT"]) == expected
    assert (result["FOUND"], result["FAILED"], result["ANSWERED"]) == (len(expected), 0, result["TILES"])


def test_rows_have_the_columns_of_the_command_line(raster: Make, finder: ScriptedGateway) -> None:
    layer = raster(dotted(300, 200))
    result = find(layer, OBJECTS=["car"])
    (row,) = rows_of(result["OUTPUT"])
    values = dict(zip(result["OUTPUT"].fields().names(), row.attributes()))
    assert list(values) == [column.name for column in object_columns()]
    assert (values["object"], values["confidence"], values["prompt"]) == ("car", 0.6, "car")
    assert (values["model"], values["weights_sha256"], values["raster"]) == ("rsgpt-small", "ab" * 32, layer.source())
    assert (values["bands"], values["stretch"], values["gsd_m"]) == ("1,2,3", "none", pytest.approx(0.5, rel=1e-3))
    assert len(values["image_sha256"]) == 64
    assert values["asked_at"].isValid()


def test_the_log_and_the_name_of_the_layer_state_what_was_found(raster: Make, finder: ScriptedGateway) -> None:
    layer, feedback = raster(dotted(300, 200)), QgsProcessingFeedback(False)
    result = find(layer, feedback=feedback)
    lines = feedback.textLog().splitlines()
    counts = lines[lines.index(f"Found: airplane {result['FOUND']}.") - 1]
    total = result["TILES"]
    assert counts.startswith(f"{total} search window")
    assert counts.endswith(f": {total} searched, 0 skipped, 0 failed; 0 were already searched.")
    assert objects_name("scenes", {"airplane": 1200, "car": 1, "ship": 0}) == "scenes: airplane 1,200, car 1"


def test_the_model_sees_the_fill_color_beyond_the_edge(raster: Make, finder: ScriptedGateway) -> None:
    find(raster(dotted(300, 200)))
    assert {prompt.task for prompt in finder.prompts} == {"find_window"}
    assert {prompt.gsd_m for prompt in finder.prompts} == {None}
    picture = shown(finder.prompts[0])
    corners = {tuple(picture[row, column]) for row in (0, -1) for column in (0, -1)}
    assert FILL in corners
    assert (0, 0, 0) not in corners


def test_a_second_run_and_another_object_search_nothing(raster: Make, finder: ScriptedGateway) -> None:
    layer = raster(dotted())
    first = find(layer)
    again = find(layer, OBJECTS="car, airplane", LEAST_CONFIDENCE=0.7)
    assert (again["ASKED"], again["CACHED"]) == (0, first["TILES"])
    assert places(again["OUTPUT"]) == places(first["OUTPUT"])  # the car is less certain
    everything = find(layer, OBJECTS=None)
    assert (everything["ASKED"], everything["FOUND"]) == (0, first["FOUND"] + 1)


def test_an_extent_and_a_mask_do_not_change_what_is_found_inside(raster: Make, finder: ScriptedGateway) -> None:
    values, sides = dotted(2000, 1500), (700, 300, 1200, 900)
    layer = raster(values)
    inside = [(x, y) for x, y in planes(values) if 700 <= x <= 1200 and 300 <= y <= 900]
    by_extent, by_mask = find(layer, EXTENT=extent(*sides)), find(layer, MASK=mask_of(*sides))
    assert places(by_extent["OUTPUT"]) == places(by_mask["OUTPUT"]) == inside
    assert 0 < by_extent["ASKED"] == by_extent["TILES"] < 20
    assert by_mask["ASKED"] == 0
    assert find(layer)["CACHED"] == by_extent["TILES"]


def test_the_description_in_the_file_states_what_was_searched(
    raster: Make, finder: ScriptedGateway, tmp_path: Path
) -> None:
    layer, sides = raster(dotted()), (100, 50, 300, 200)
    for name, parameters in (("extent", {"EXTENT": extent(*sides)}), ("mask", {"MASK": mask_of(*sides)}), ("all", {})):
        path = str(tmp_path / f"{name}.gpkg")
        find(layer, OUTPUT=path, OBJECTS=["ship"], **parameters)
        (stated,) = searched_extents(QgsVectorLayer(path, name).metadata().abstract())
        area = box(*sides) if parameters else layer.extent()
        expected = (area.xMinimum(), area.xMaximum(), area.yMinimum(), area.yMaximum())
        assert stated.crs == "EPSG:32611"
        assert stated.sides == pytest.approx(expected)


def test_boxes_are_polygons(raster: Make, finder: ScriptedGateway) -> None:
    values = dotted(300, 200)
    rows = rows_of(find(raster(values), BOXES=True, OBJECTS=None)["OUTPUT"])
    assert len(rows) == len(planes(values)) + 1
    assert max(row.geometry().area() for row in rows) == pytest.approx(BOX * BOX / 4)


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"OBJECTS": ["zebra"]}, "The model cannot find: zebra. It finds: airplane, car, ship."),
        ({"OBJECTS": ["ship"], "BOXES": True}, "has not learned the boxes of: ship. Write points instead."),
        ({"LEAST_CONFIDENCE": 2}, "LEAST_CONFIDENCE is out of range"),
        ({"MODEL": "rsgpt-huge"}, "no model named “rsgpt-huge”"),
        ({"EXTENT": "0,10,0,10 [EPSG:32611]"}, "outside the layer 'raster'"),
    ],
)
def test_invalid_parameters_are_refused_with_a_message(
    raster: Make, finder: ScriptedGateway, parameters: dict[str, Any], expected: str
) -> None:
    assert expected in refusal(raster(dotted(300, 200)), **parameters)
    assert finder.prompts == []


def test_a_model_without_a_finder_is_refused_with_a_remedy(
    raster: Make, finder: ScriptedGateway, finding_weights: Path
) -> None:
    record = '{"name": "rsgpt-small", "weights_sha256": "ab"}'
    (finding_weights / "rsgpt-small" / "model.json").write_text(record, encoding="utf-8")
    message = refusal(raster(dotted(300, 200)), OBJECTS=["airplane"])
    assert "The model rsgpt-small cannot find objects. Choose one that can" in message


def test_names_and_numbers_of_objects_mean_the_same(raster: Make, finder: ScriptedGateway) -> None:
    layer = raster(dotted(300, 200))
    found = [find(layer, OBJECTS=value)["FOUND"] for value in ([1], ["car"], "Car", 1, "1", "vehicles")]
    assert found == [1] * 6


def test_a_model_finds_objects(raster: Make, finder: ScriptedGateway) -> None:
    layer = raster(dotted(300, 200))
    model = QgsProcessingModelAlgorithm("finds", "")
    given = QgsProcessingModelChildParameterSource
    child = QgsProcessingModelChildAlgorithm("rsgpt:findobjects")
    child.setChildId("child")
    child.addParameterSources("INPUT", [given.fromModelParameter("raster")])
    child.addParameterSources("OBJECTS", [given.fromStaticValue(["plane", "car"])])
    child.addParameterSources("LEAST_CONFIDENCE", [given.fromExpression("0.4 + 0.3")])
    output = QgsProcessingModelOutput("objects", "objects")
    output.setChildId("child")
    output.setChildOutputName("OUTPUT")
    child.setModelOutputs({"objects": output})
    model.addChildAlgorithm(child)
    model.addModelParameter(QgsProcessingParameterRasterLayer("raster", ""), QgsProcessingModelParameter("raster"))
    model.updateDestinationParameters()
    result = processing.run(model, {"raster": layer, "objects": "TEMPORARY_OUTPUT"})
    (written,) = (value for value in result.values() if isinstance(value, QgsVectorLayer))
    assert places(written) == planes(dotted(300, 200))
    assert {row["object"] for row in rows_of(written)} == {"airplane"}


def test_a_line_of_batch_mode_finds_objects(
    raster: Make, finder: ScriptedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BatchPanel, "iface", None)
    layer, context = raster(dotted(300, 200)), QgsProcessingContext()
    context.setProject(QgsProject.instance())
    batch = BatchAlgorithmDialog(QgsApplication.processingRegistry().createAlgorithmById("rsgpt:findobjects"), None)
    panel = batch.mainWidget()
    for name, value in {"INPUT": layer.id(), "OBJECTS": ["car"], "BOXES": True}.items():
        panel.wrappers[0][panel.parameter_to_column[name]].setParameterValue(value, context)
    panel.tblParameters.cellWidget(1, panel.parameter_to_column["OUTPUT"]).setValue("memory:")
    parameters, is_valid = panel.parametersForRow(row=0, context=context, warnOnInvalid=False)
    assert is_valid
    (row,) = rows_of(processing.run("rsgpt:findobjects", parameters)["OUTPUT"])
    assert (row["object"], row.geometry().area()) == ("car", pytest.approx(BOX * BOX / 4))
    batch.close()
