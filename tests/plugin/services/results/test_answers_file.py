"""The answers of clicks are kept in a file, and none is lost if the file cannot be written."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsGeometry,
    QgsProject,
    QgsRectangle,
    QgsVectorFileWriter,
    QgsVectorLayer,
)

from rsgpt_plugin.geo.results.schema import output_fields
from rsgpt_plugin.services.results.results_layer import ResultsLayer
from tests.plugin.corrections import correct

pytestmark = pytest.mark.usefixtures("qgis_new_project")

ROOT = Path(__file__).resolve().parents[4]
CRS = QgsCoordinateReferenceSystem("EPSG:32611")


def ask(answer: str) -> ResultsLayer:
    """Add an answer as a click does."""
    feature = QgsFeature(output_fields(()))
    feature.setGeometry(QgsGeometry.fromRect(QgsRectangle(500000, 4000000, 500100, 4000100)))
    feature["caption"], feature["prompt"], feature["status"] = answer, "Describe this image.", "answered"
    results = ResultsLayer(QgsProject.instance())
    assert results.add(feature, CRS, None) == answer
    return results


def layer() -> QgsVectorLayer:
    (found,) = QgsProject.instance().mapLayersByName("RSGPT answers")
    return found


def refuse(*arguments: object) -> None:
    raise OSError(28, "No space left on device")


def answers(path: Path) -> list[str]:
    rows = QgsVectorLayer(f"{path}|layername=answers", "read", "ogr")
    assert rows.isValid()
    return sorted(row["answer"] for row in rows.getFeatures())


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """Return the path of answers next to a saved project."""
    (tmp_path / "city").mkdir()
    assert QgsProject.instance().write(str(tmp_path / "city" / "map.qgz"))
    return tmp_path / "city" / "map_rsgpt_answers.gpkg"


def test_answers_are_next_to_a_saved_project_and_styled_anywhere(saved: Path, own_home: Path) -> None:
    ask("a harbor")
    ask("a park")
    assert answers(saved) == ["a harbor", "a park"]
    assert layer().featureCount() == 2
    assert "answer" in QgsVectorLayer(str(saved), "elsewhere", "ogr").mapTipTemplate()
    assert not (own_home / "answers").exists()
    assert sorted(path.suffix for path in saved.parent.iterdir() if "part" in path.name) == []


def test_each_project_that_is_not_saved_has_a_file_in_the_data_folder(own_home: Path) -> None:
    assert not own_home.exists()
    ask("a harbor")
    QgsProject.instance().clear()
    ask("a park")
    files = sorted((own_home / "answers").glob("*.gpkg"))
    assert sorted(answers(file) for file in files) == [["a harbor"], ["a park"]]


def test_answers_are_found_again_if_the_project_was_not_saved_afterwards(saved: Path, tmp_path: Path) -> None:
    ask("a harbor")
    QgsProject.instance().clear()
    assert QgsProject.instance().read(str(tmp_path / "city" / "map.qgz"))
    ask("a park")
    assert answers(saved) == ["a harbor", "a park"]
    assert layer().featureCount() == 2


def test_the_file_stays_in_use_if_the_project_is_saved_elsewhere_and_reopened(saved: Path, tmp_path: Path) -> None:
    ask("a harbor")
    other = tmp_path / "other.qgz"
    assert QgsProject.instance().write(str(other))
    ask("a park")
    assert QgsProject.instance().write(str(other))
    QgsProject.instance().clear()
    assert QgsProject.instance().read(str(other))
    ask("a field")
    assert answers(saved) == ["a field", "a harbor", "a park"]
    assert layer().isValid()


def test_a_locked_file_is_reported_at_once_and_gets_the_answers_later(saved: Path) -> None:
    ask("a harbor")
    with closing(sqlite3.connect(saved, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        start = time.monotonic()
        results = ask("a park")
        assert time.monotonic() - start < 3
    assert "kept in memory only" in results.problem
    assert "being written by another program" in results.problem
    layers = QgsProject.instance().mapLayersByName("RSGPT answers")
    assert sorted((found.providerType(), found.featureCount()) for found in layers) == [("memory", 1), ("ogr", 1)]
    assert ask("a field").problem == ""
    assert answers(saved) == ["a field", "a harbor", "a park"]
    assert layer().providerType() == "ogr"


def correct_in_memory(saved: Path) -> None:
    """Ask while the file is locked, and correct that answer."""
    ask("a harbor")
    with closing(sqlite3.connect(saved, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        ask("a park")
    (memory,) = (found for found in QgsProject.instance().mapLayers().values() if found.providerType() == "memory")
    (row,) = memory.getFeatures()
    assert correct(memory, row.id(), "answer", "a car park")


def test_a_correction_in_memory_reaches_the_file_with_its_mark(saved: Path) -> None:
    correct_in_memory(saved)
    assert ask("a field").problem == ""
    rows = {row["answer"]: row for row in layer().getFeatures()}
    assert sorted(rows) == ["a car park", "a field", "a harbor"]
    assert (rows["a car park"]["answer_model"], rows["a car park"]["corrected"]) == ("a park", "answer")
    assert rows["a car park"]["corrected_at"].isValid()


def test_a_correction_in_memory_waits_for_the_end_of_an_edit_session(saved: Path) -> None:
    correct_in_memory(saved)
    (kept,) = (found for found in QgsProject.instance().mapLayers().values() if found.providerType() == "ogr")
    assert kept.startEditing()
    assert "Save the edits of the layer" in ask("a field").problem
    assert kept.rollBack()
    assert ask("a lake").problem == ""
    assert sorted(row["answer"] for row in layer().getFeatures()) == ["a car park", "a field", "a harbor", "a lake"]
    assert sorted(str(row["corrected"]) for row in layer().getFeatures()) == ["NULL", "NULL", "NULL", "answer"]


@pytest.mark.parametrize("is_memory", [False, True], ids=["file", "memory"])
@pytest.mark.usefixtures("saved")
def test_a_removed_column_of_the_answer_is_added_again(is_memory: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if is_memory:
        monkeypatch.setattr("rsgpt_plugin.services.results.answers_file._create", refuse)
    ask("a harbor")
    kept = layer()
    assert (kept.providerType() == "memory") is is_memory
    assert kept.dataProvider().deleteAttributes([kept.fields().indexOf(name) for name in ("question", "answer")])
    kept.updateFields()
    assert bool(ask("a park").problem) is is_memory
    values = {str(row[name]) for row in layer().getFeatures() for name in ("question", "answer")}
    assert values - {"NULL", "None"} == {"Describe this image.", "a park"}


def test_a_removed_file_is_reported_and_a_new_one_gets_the_answers(saved: Path) -> None:
    ask("a harbor")
    kept = layer()
    for path in saved.parent.glob(f"{saved.name}*"):
        path.unlink()
    results = ask("a park")
    assert "no longer exists. Remove the layer" in results.problem
    QgsProject.instance().removeMapLayer(kept)
    assert ask("a field").problem == ""
    assert answers(saved) == ["a field", "a park"]


@pytest.mark.parametrize(("driver", "ending"), [("GeoJSON", "geojson"), ("SQLite", "sqlite")])
def test_a_layer_made_permanent_in_another_format_gets_the_answers(saved: Path, driver: str, ending: str) -> None:
    ask("a harbor")
    project, options = QgsProject.instance(), QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = driver
    path, context = str(saved.with_suffix(f".{ending}")), project.transformContext()
    assert QgsVectorFileWriter.writeAsVectorFormatV3(layer(), path, context, options)[0] == 0
    layer().setDataSource(path, layer().name(), "ogr")
    assert ask("a park").problem == ""
    assert sorted(row["answer"] for row in QgsVectorLayer(path, "read", "ogr").getFeatures()) == ["a harbor", "a park"]


def test_a_layer_that_cannot_be_opened_is_not_called_missing(saved: Path) -> None:
    ask("a harbor")
    broken = saved.with_name("broken.geojson")
    broken.write_text("{", "utf-8")
    layer().setDataSource(str(broken), layer().name(), "ogr")
    assert "The layer “RSGPT answers” cannot be opened." in ask("a park").problem


def test_a_file_that_cannot_be_created_is_reported(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rsgpt_plugin.services.results.answers_file._create", refuse)
    results = ask("a harbor")
    assert "No space left on device" in results.problem
    assert [row["answer"] for row in layer().getFeatures()] == ["a harbor"]
    monkeypatch.undo()
    ask("a park")
    assert answers(saved) == ["a harbor", "a park"]


def test_answers_are_in_the_data_folder_if_no_file_can_be_created_next_to_the_project(
    saved: Path, own_home: Path
) -> None:
    draft = saved.with_name(f".{saved.stem}.{os.getpid()}.part.gpkg")
    draft.mkdir()  # even root cannot create the file
    problem = ask("a harbor").problem
    (file,) = (own_home / "answers").glob("*.gpkg")
    assert f"{saved} cannot be created" in problem
    assert f"The answers are in {file}. " in problem
    assert ask("a park").problem == ""
    assert answers(file) == ["a harbor", "a park"]
    assert not saved.exists()


def test_a_file_of_someone_else_is_left_alone(saved: Path) -> None:
    saved.write_text("my notes", encoding="utf-8")
    ask("a harbor")
    assert saved.read_text("utf-8") == "my notes"
    assert answers(saved.with_name("map_rsgpt_answers_2.gpkg")) == ["a harbor"]


def test_two_windows_write_the_same_file(saved: Path, tmp_path: Path) -> None:
    code = (
        "import sys, time; from qgis.core import QgsApplication, QgsProject; app = QgsApplication([], True)\n"
        "app.initQgis(); from tests.plugin.services.results.test_answers_file import ask\n"
        f"assert QgsProject.instance().read({str(tmp_path / 'city' / 'map.qgz')!r})\n"
        "problems = [ask(f'{sys.argv[1]}{number}').problem for number in range(5)]\n"
        "problem = ask(sys.argv[1] + 'end').problem\n"
        "for _ in range(20):\n"
        "    if not problem: break\n"
        "    time.sleep(0.1); problem = ask(sys.argv[1] + 'more').problem\n"
        "import os; os._exit(bool(problem))\n"
    )
    windows = [subprocess.Popen([sys.executable, "-c", code, name], cwd=ROOT) for name in "ab"]
    assert [window.wait(120) for window in windows] == [0, 0]
    written = answers(saved)
    for name in "ab":
        assert [f"{name}{number}" for number in range(5)] == [
            text for text in written if text in {f"{name}{n}" for n in range(5)}
        ]
