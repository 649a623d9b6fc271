"""The list shows the results from the cut on."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import Qt

from rsgpt_plugin.gui.search.matches_model import MatchesModel
from rsgpt_plugin.processing.searching.search_rows import Match


class FoundThree:
    """The results of a search."""

    matches = (Match(7, 0.91, 1), Match(3, 0.5, 2), Match(5, 0.1, 3))

    def sha256(self, match: Match) -> str:
        return f"sha of {match.number}"


class NoThumbnails:
    """Records the pictures that the list asks for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def get(self, sha256: str) -> Any:
        self.asked.append(sha256)


def test_results_from_the_cut_on(qgis_app: Any) -> None:
    thumbnails: Any = NoThumbnails()
    model, answer = MatchesModel(thumbnails), FoundThree()
    assert (model.rowCount(), model.answer) == (0, None)
    model.show_answer(answer)  # type: ignore[arg-type]
    assert [model.data(model.index(line)) for line in range(model.rowCount())] == ["0.91", "0.50", "0.10"]
    model.set_cut(0.5)
    assert [match.number for match in model.shown] == [7, 3]
    assert (model.line_of(3), model.line_of(5)) == (1, None)
    model.data(model.index(1), Qt.ItemDataRole.DecorationRole)
    assert thumbnails.asked == ["sha of 3"]
    assert "0.5000" in model.data(model.index(1), Qt.ItemDataRole.ToolTipRole)
    model.show_answer(None)
    assert model.rowCount() == 0
