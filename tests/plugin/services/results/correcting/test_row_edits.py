"""The edits of rows hold the values before and after."""

from __future__ import annotations

import pytest

from rsgpt_plugin.services.results.correcting.row_edits import checks, corrections, reversals
from tests.plugin.results import fids, results_layer

pytestmark = pytest.mark.usefixtures("qgis_new_project")


def test_edits_have_the_values_before_and_after() -> None:
    layer = results_layer(["a", "b"])
    edits = {edit.fid: edit for edit in corrections(layer, fids(layer), "caption", "b", ())}
    first, second = (edits[fid] for fid in fids(layer))
    assert (first.before[first.columns.index("caption")], first.after[first.columns.index("caption")]) == ("a", "b")
    assert second.columns == ()  # has the value already


def test_checks_change_no_answer() -> None:
    layer = results_layer(["a"])
    (edit,) = checks(layer, fids(layer), "caption")
    assert (edit.columns[0], edit.before[0], edit.after[0]) == ("checked", None, "caption")


def test_a_changed_row_is_not_reverted() -> None:
    layer = results_layer(["a"])
    edits = list(corrections(layer, fids(layer), "caption", "b", ()))  # which was not written
    (edit,) = reversals(layer, edits)
    assert (edit.columns, edit.problem) == ((), "The row was changed in the meantime.")
