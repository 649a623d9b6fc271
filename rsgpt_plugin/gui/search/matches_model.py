"""The results of a search as a list of pictures, best first."""

from __future__ import annotations

from typing import Any, Optional

from qgis.PyQt.QtCore import QAbstractListModel, QModelIndex, QSize, Qt
from qgis.PyQt.QtGui import QColor, QPixmap

from ...processing.searching.search_rows import Match
from ...services.results.thumbnails import THUMBNAIL_SIDE, Thumbnails
from ...services.searching.search_service import SearchAnswer

_ROLE = Qt.ItemDataRole


class MatchesModel(QAbstractListModel):
    """One row per result whose similarity is not below `cut`."""

    def __init__(self, thumbnails: Thumbnails) -> None:
        super().__init__()
        self._thumbnails = thumbnails
        self._answer: Optional[SearchAnswer] = None
        self._cut = 0.0
        self._shown: list[Match] = []
        self._lines: dict[int, int] = {}
        self._blank = QPixmap(THUMBNAIL_SIDE, THUMBNAIL_SIDE)
        self._blank.fill(QColor(128, 128, 128, 60))

    @property
    def answer(self) -> Optional[SearchAnswer]:
        """The search whose results are shown."""
        return self._answer

    @property
    def shown(self) -> list[Match]:
        """The results from the cut on, best first."""
        return self._shown

    def show_answer(self, answer: Optional[SearchAnswer]) -> None:
        """Replace the results."""
        self._answer = answer
        self._reset()

    def set_cut(self, cut: float) -> None:
        """Show results with at least this similarity."""
        self._cut = cut
        self._reset()

    def line_of(self, number: int) -> Optional[int]:
        """Return the row of a picture, None if it is not shown. number: in its target."""
        return self._lines.get(number)

    def rowCount(self, parent: Optional[QModelIndex] = None) -> int:  # noqa: N802 - Qt's name
        """Return the number of results."""
        return 0 if parent is not None and parent.isValid() else len(self._shown)

    def data(self, index: QModelIndex, role: int = _ROLE.DisplayRole) -> Any:
        """Return the picture and the similarity of a result."""
        if self._answer is None or not index.isValid():
            return None
        match = self._shown[index.row()]
        if role == _ROLE.DisplayRole:
            return f"{match.similarity:.2f}"
        if role == _ROLE.DecorationRole:
            return self._thumbnails.get(self._answer.sha256(match)) or self._blank
        if role == _ROLE.ToolTipRole:
            about = self.tr("Rank {rank}, similarity {similarity}")
            return about.format(rank=match.rank, similarity=f"{match.similarity:.4f}")
        if role == _ROLE.SizeHintRole:
            return QSize(THUMBNAIL_SIDE + 12, THUMBNAIL_SIDE + 28)
        return None

    def _reset(self) -> None:
        self.beginResetModel()
        found = self._answer.matches if self._answer is not None else []
        self._shown = [match for match in found if match.similarity >= self._cut]
        self._lines = {match.number: line for line, match in enumerate(self._shown)}
        self.endResetModel()
