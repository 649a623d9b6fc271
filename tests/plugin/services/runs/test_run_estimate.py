"""The estimate of a run agrees with the tiles of the run itself, and says where pictures go."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Optional

import pytest
from qgis.core import (
    QgsProcessingContext,
    QgsProcessingFeatureSourceDefinition,
    QgsProject,
    QgsRasterLayer,
    QgsVectorLayer,
)

from rsgpt_plugin.client.preferences import BackendKind, load, save
from rsgpt_plugin.core.paths import runs_file
from rsgpt_plugin.core.run_store import RunRequest, RunState, RunStore
from rsgpt_plugin.processing.describefeatures import DescribeFeatures
from rsgpt_plugin.processing.describeraster import DescribeRaster
from rsgpt_plugin.services.runs.run_estimate import RunEstimate, run_estimate

DEMO = Path(__file__).resolve().parents[4] / "resources" / "demo" / "scenes.tif"
QUESTIONS = "water[yesno]: Is there water?\ncars[integer]: How many cars?"


@pytest.fixture
def context(qgis_new_project: None) -> QgsProcessingContext:
    context = QgsProcessingContext()
    context.setProject(QgsProject.instance())
    return context


Estimate = Callable[..., Optional[RunEstimate]]


@pytest.fixture
def estimate(context: QgsProcessingContext) -> Estimate:
    raster = QgsRasterLayer(str(DEMO), "scenes")
    QgsProject.instance().addMapLayer(raster)

    def of(algorithm: Any = DescribeRaster, **parameters: Any) -> Optional[RunEstimate]:
        algorithm = algorithm()
        algorithm.initAlgorithm()
        values: Mapping[str, Any] = {"INPUT": raster.id(), "CAPTION": True, "QUESTIONS": QUESTIONS, **parameters}
        return run_estimate(algorithm, dict(values), context)

    return of


def expect(found: Optional[RunEstimate]) -> RunEstimate:
    assert found is not None
    return found


def test_the_demo_raster_has_24_tiles(estimate: Estimate) -> None:
    found = expect(estimate())
    assert (found.places, found.prompts, found.seconds) == (24, 3, math.inf)
    assert found.text == "24 tile(s) × 3 = 72 answers, nothing leaves this computer"
    assert expect(estimate(CAPTION=False)).prompts == 2


def test_extent_size_overlap_and_mask_count(estimate: Estimate) -> None:
    raster = next(iter(QgsProject.instance().mapLayers().values()))
    assert isinstance(raster, QgsRasterLayer)
    box = raster.extent()
    box.setXMaximum(box.xMinimum() + 512 * raster.rasterUnitsPerPixelX())
    box.setYMinimum(box.yMaximum() - 300 * raster.rasterUnitsPerPixelY())
    assert expect(estimate(EXTENT=box)).places == 4
    assert expect(estimate(EXTENT=box, TILE_SIZE=512)).places == 1
    assert expect(estimate(EXTENT=box, OVERLAP=50)).places == 6
    assert expect(estimate(MASK="some")).text.startswith("at most 24 tile(s)")
    drawn = expect(estimate(GROUND_RESOLUTION=2 * raster.rasterUnitsPerPixelX()))
    assert 5 <= drawn.places <= 9


@pytest.mark.parametrize(
    "wrong",
    [{"QUESTIONS": "a[integer: ?"}, {"INPUT": "none"}, {"TILE_SIZE": 1}, {"QUESTIONS": "", "CAPTION": False}],
)
def test_there_is_no_estimate_for_values_that_cannot_be_used(estimate: Estimate, wrong: dict[str, Any]) -> None:
    assert estimate(**wrong) is None


def test_features_are_counted(estimate: Estimate) -> None:
    layer = QgsVectorLayer("Point?crs=EPSG:32611", "points", "memory")
    QgsProject.instance().addMapLayer(layer)
    found = expect(estimate(DescribeFeatures, FEATURES=layer.id()))
    assert (found.places, found.tiles) == (0, None)
    assert estimate(DescribeFeatures) is None


def test_the_time_is_that_of_the_latest_run_of_the_model_that_finished(estimate: Estimate) -> None:
    runs_file().parent.mkdir(parents=True, exist_ok=True)
    runs = [  # model, prompts, seconds, state, from the earliest
        ("rsgpt-small", 20, 7000, RunState.FINISHED),
        ("rsgpt-small", 20, 10, RunState.FINISHED),
        ("rsgpt-small", 20, 3000, RunState.FAILED),
        ("another", 20, 1000, RunState.FINISHED),
        ("rsgpt-small", 2, 1, RunState.FINISHED),
    ]
    with RunStore(runs_file()) as store:
        for number, (name, asked, _, state) in enumerate(runs):
            store.begin(f"run{number}", RunRequest("rsgpt:describeraster", "x", {"MODEL": name}), {"asked": asked})
            store.end(f"run{number}", state)
    with closing(sqlite3.connect(runs_file())) as database, database:
        for number, (_, _, seconds, _) in enumerate(runs):
            began = datetime(2026, 1, 1 + number, tzinfo=timezone.utc)
            times = (began.isoformat(), (began + timedelta(seconds=seconds)).isoformat(), f"run{number}")
            database.execute("UPDATE runs SET began_at = ?, told_at = ? WHERE id = ?", times)
    found = expect(estimate())
    assert found.seconds == pytest.approx(24 * 3 * 10 / 20)
    assert ", about 36 s, " in found.text


def test_questions_that_are_refused_are_not_counted(estimate: Estimate) -> None:
    found = expect(estimate(QUESTIONS=f"{QUESTIONS}\nwhy: Why is it red?"))
    assert (found.prompts, found.text.split(",")[0]) == (3, "24 tile(s) × 3 = 72 answers")
    assert expect(estimate(CAPTION=False, QUESTIONS="why: Why is it red?")).prompts == 0


def test_a_filter_of_features_leaves_their_number_open(estimate: Estimate) -> None:
    layer = QgsVectorLayer("Point?crs=EPSG:32611", "points", "memory")
    QgsProject.instance().addMapLayer(layer)
    source = QgsProcessingFeatureSourceDefinition(layer.id())
    source.filterExpression = "$id < 3"
    assert estimate(DescribeFeatures, FEATURES=source) is None


def test_more_tiles_than_a_run_accepts_are_a_problem(estimate: Estimate) -> None:
    text = expect(estimate(TILE_SIZE=16, OVERLAP=90)).text
    assert text.startswith("The area needs 384305 tiles, more than the limit of 100000.")


def test_a_server_on_another_machine_is_named(estimate: Estimate) -> None:
    save(replace(load(), door=BackendKind.SERVER, server_url="https://models.example.org/v1", server_model="m"))
    assert expect(estimate()).text.endswith("are sent to https://models.example.org:443")
    save(replace(load(), server_url="http://127.0.0.1:8000/v1"))
    assert expect(estimate()).text.endswith("nothing leaves this computer")
