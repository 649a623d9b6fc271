"""Added columns appear in form, map tip and legend, in the project and in the file, unless the user changed these."""

from __future__ import annotations

from pathlib import Path

import pytest
from qgis.core import QgsApplication, QgsVectorLayer

from rsgpt_plugin.geo.results.styles.stored_style import store_style
from rsgpt_plugin.geo.results.styles.style import apply_style
from rsgpt_plugin.services import background_task
from rsgpt_plugin.services.background_task import stop_all
from tests.plugin.corrections import correct
from tests.plugin.geo.results.layers import filled_rows
from tests.plugin.results import fids, has_stored_style, results_layer
from tests.plugin.waiting import wait_until

pytestmark = pytest.mark.usefixtures("qgis_new_project")


@pytest.fixture(autouse=True)
def _named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QgsApplication, "userFullName", lambda: "A. Person")


def form_of(layer: QgsVectorLayer) -> list[str]:
    (page,) = layer.editFormConfig().tabs()
    return [element.name() for element in page.children()]


def legend_of(layer: QgsVectorLayer) -> list[str]:
    return [rule.label() for rule in layer.renderer().rootRule().children()]


def styled(folder: Path) -> QgsVectorLayer:
    layer = results_layer(["a", "b"], "GPKG", folder)
    store_style(layer.source())
    layer.loadDefaultStyle()
    return layer


def reopened(layer: QgsVectorLayer) -> QgsVectorLayer:
    return QgsVectorLayer(layer.source(), "again")


def test_a_correction_is_in_the_form_the_tip_and_the_legend(tmp_path: Path) -> None:
    layer = styled(tmp_path)
    assert "Corrected by a person" not in legend_of(layer)
    correct(layer, fids(layer)[0], "cars", 7)
    assert {"cars_model", "corrected_at", "reviewed_by"} <= set(form_of(layer))
    assert legend_of(layer)[-1] == "Corrected by a person"
    assert layer.fields().field("cars_model").alias() == "cars by the model"
    first, second = filled_rows(layer.mapTipTemplate(), layer)
    assert "cars: 7 (corrected by A. Person)" in first
    assert "cars: 1 (50 %)" in second
    correct(layer, fids(layer)[1], "trees", True)
    assert "trees: yes (corrected by A. Person)" in filled_rows(layer.mapTipTemplate(), layer)[1]
    form = layer.editFormConfig()
    alias = form.dataDefinedFieldProperties("cars_confidence").property(form.DataDefinedProperty.Alias)
    label = "cars: confidence"
    assert filled_rows(f"[% {alias.expressionString()} %]", layer) == [
        f"{label}, before the answer was corrected", label,
    ]  # fmt: skip


def test_the_style_in_the_file_follows(tmp_path: Path) -> None:
    layer = styled(tmp_path)
    assert "cars_model" not in form_of(reopened(layer))
    correct(layer, fids(layer)[0], "cars", 7)
    wait_until(lambda: "cars_model" in form_of(reopened(layer)))
    assert legend_of(reopened(layer))[-1] == "Corrected by a person"


def test_no_other_thread_locks_the_file_that_is_written_next(tmp_path: Path) -> None:
    """A thread that writes the style would make GDAL wait for its lock, and then fail to write the row."""
    layer = styled(tmp_path)
    correct(layer, fids(layer)[0], "cars", 7)
    assert background_task._running == []
    assert "cars_model" in form_of(reopened(layer))
    correct(layer, fids(layer)[1], "trees", True)
    assert "trees_model" in form_of(reopened(layer))


def test_the_style_in_the_file_follows_a_saved_edit_session(tmp_path: Path) -> None:
    layer = styled(tmp_path)
    assert layer.startEditing()
    correct(layer, fids(layer)[0], "cars", 7)
    assert "cars_model" in form_of(layer)
    assert layer.rollBack()
    assert "cars_model" not in form_of(layer)
    assert layer.startEditing()
    correct(layer, fids(layer)[0], "cars", 7)
    assert layer.commitChanges()
    wait_until(lambda: "cars_model" in form_of(reopened(layer)))


def test_a_style_of_the_user_stays(tmp_path: Path) -> None:
    layer = results_layer(["a", "b"], "GPKG", tmp_path)
    apply_style(layer)
    layer.setMapTipTemplate("my tip")
    layer.renderer().rootRule().children()[0].setLabel("mine")
    correct(layer, fids(layer)[0], "cars", 7)
    assert (layer.mapTipTemplate(), legend_of(layer)[0]) == ("my tip", "mine")
    stop_all()
    assert not has_stored_style(layer.source())  # as before
