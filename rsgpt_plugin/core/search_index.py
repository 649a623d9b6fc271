"""The search index, which `rsgpt search` shares."""

from __future__ import annotations

from pathlib import Path

from ..shared.files.search_index import SCHEMA, IndexRows
from ..shared.i18n import translate
from .database import Store


class SearchIndex(Store):
    """One open index, see Database. Several searches may use the file."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, translate("Rsgpt", "search index"), SCHEMA)

    def rows(self, model: str) -> IndexRows:
        """Return the rows of a model. model: its fingerprint."""
        return IndexRows(self._database, model)

    def clear(self) -> None:
        """Delete everything."""
        with self._database.writing() as connection:
            connection.execute("DELETE FROM pictures")
            connection.execute("DELETE FROM sources")
        self._database.shrink()
