"""`rsgpt:search` with the default model: words, an example, an absent thing, and a results layer."""

from __future__ import annotations

import json
from pathlib import Path

import processing
import pytest
from qgis.core import QgsProcessingException, QgsProcessingFeedback, QgsProject, QgsRasterLayer, QgsVectorLayer

from rsgpt_plugin.client import backends
from rsgpt_plugin.client.environment.environment import SENTENCES, EnvironmentState, ManagedEnvironment
from rsgpt_plugin.client.installed_models import model_identity
from rsgpt_plugin.core.paths import plugin_root
from tests.conftest import HOME
from tests.plugin.processing.conftest import rows_of
from tests.plugin.results import results_layer

pytestmark = pytest.mark.usefixtures("provider")

DEMO = plugin_root() / "resources" / "demo"
TILES = json.loads((DEMO / "truth.json").read_text(encoding="utf-8"))


@pytest.fixture
def demo(project: QgsProject, real_home: Path, monkeypatch: pytest.MonkeyPatch) -> QgsRasterLayer:
    """The demo raster, and the model that is shipped."""
    monkeypatch.setattr(backends, "model_identity", model_identity)
    return project.addMapLayer(QgsRasterLayer(str(DEMO / "scenes.tif"), "scenes"))


def has_sentence_model() -> bool:
    """Return whether the environment of the tests has the package group, as after scripts/test."""
    return ManagedEnvironment(HOME).state([SENTENCES]) is EnvironmentState.READY


def scene_at(layer: QgsRasterLayer, row: object) -> str:
    """Return the scene of the tile in the center of a feature."""
    center, extent = row.geometry().centroid().asPoint(), layer.extent()  # type: ignore[attr-defined]
    side = 256 * layer.rasterUnitsPerPixelX()
    place = int((extent.yMaximum() - center.y()) / side), int((center.x() - extent.xMinimum()) / side)
    return next(tile["scene"] for tile in TILES if (tile["row"], tile["column"]) == place)


@pytest.mark.slow
def test_words_find_their_scene_first_and_pictures_are_asked_once(demo: QgsRasterLayer) -> None:
    parameters = {"INPUT": demo, "QUERY": "storage tanks", "OUTPUT": "TEMPORARY_OUTPUT"}
    result = processing.run("rsgpt:search", parameters)
    rows = rows_of(result["OUTPUT"])
    assert [scene_at(demo, row) for row in rows[:2]] == ["storagetanks", "storagetanks"]
    assert [row["rank"] for row in rows] == list(range(1, 25))
    assert [row["similarity"] for row in rows] == sorted((row["similarity"] for row in rows), reverse=True)
    assert (result["SEARCHED"], result["FAILED"]) == (24, 0)
    assert result["SURE"] >= 1
    assert {row["prompt"] for row in rows} == {"storage tanks"}
    assert all(row["model"] == "rsgpt-small" and row["model_fingerprint"] and row["image_sha256"] for row in rows)
    feedback = QgsProcessingFeedback(False)
    absent = processing.run("rsgpt:search", {**parameters, "QUERY": "a volcano", "TOP": 3}, feedback=feedback)
    assert len(rows_of(absent["OUTPUT"])) == 3
    assert (absent["SURE"], "Nothing that sure" in feedback.textLog()) == (0, True)
    first = rows[0].geometry().boundingBox()
    extent = f"{first.xMinimum()},{first.xMaximum()},{first.yMinimum()},{first.yMaximum()} [{demo.crs().authid()}]"
    like = processing.run("rsgpt:search", {"INPUT": demo, "LIKE": extent, "TOP": 2, "OUTPUT": "TEMPORARY_OUTPUT"})
    found = rows_of(like["OUTPUT"])
    assert found[0].geometry().equals(rows[0].geometry())
    assert scene_at(demo, found[1]) == "storagetanks"
    described = processing.run("rsgpt:describeraster", {"INPUT": demo, "OUTPUT": "TEMPORARY_OUTPUT"})["OUTPUT"]
    layer = QgsProject.instance().addMapLayer(described)
    copied = processing.run("rsgpt:search", {"INPUT": layer, "QUERY": "an airplane", "OUTPUT": "TEMPORARY_OUTPUT"})
    copies = rows_of(copied["OUTPUT"])
    assert [scene_at(demo, row) for row in copies[:2]] == ["airplane", "airplane"]
    assert len(copies) == 24
    assert all(row["caption"] for row in copies)
    if has_sentence_model():
        number = layer.fields().indexOf("caption")
        (fid,) = [row.id() for row in rows_of(layer) if scene_at(demo, row) == "beach"][:1]
        layer.dataProvider().changeAttributeValues({fid: {number: "A yellow submarine is towed to the pier."}})
        found = processing.run("rsgpt:search", {"INPUT": layer, "QUERY": "submarine", "OUTPUT": "TEMPORARY_OUTPUT"})
        assert "submarine" in rows_of(found["OUTPUT"])[0]["caption"]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({}, "either words"),
        ({"QUERY": "boats", "LIKE": "500000,500010,3999990,4000000 [EPSG:32611]"}, "either words"),
        ({"QUERY": "boats", "MODEL": "none"}, "no model named"),
    ],
)
def test_values_that_contradict_each_other_are_refused(parameters: dict[str, str], message: str) -> None:
    layer = results_layer(["a harbor"])
    with pytest.raises(QgsProcessingException, match=message):
        processing.run("rsgpt:search", {"INPUT": layer, "OUTPUT": "TEMPORARY_OUTPUT", **parameters})


def test_a_layer_without_results_is_refused() -> None:
    layer = QgsProject.instance().addMapLayer(QgsVectorLayer("Polygon?crs=EPSG:32611&field=a", "a", "memory"))
    with pytest.raises(QgsProcessingException, match="columns of results"):
        processing.run("rsgpt:search", {"INPUT": layer, "QUERY": "boats", "OUTPUT": "TEMPORARY_OUTPUT"})


def test_a_model_without_vectors_is_refused() -> None:
    layer = results_layer(["a harbor"])
    with pytest.raises(QgsProcessingException, match="no matching head"):
        processing.run("rsgpt:search", {"INPUT": layer, "QUERY": "boats", "OUTPUT": "TEMPORARY_OUTPUT"})
