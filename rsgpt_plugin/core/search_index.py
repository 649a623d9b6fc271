"""The search index of the backend, which the plugin only clears."""

from __future__ import annotations

from pathlib import Path

from ..shared.files.search_index import SCHEMA
from ..shared.i18n import translate
from .database import Store


class SearchIndex(Store):
    """One open index, see Database. A search may be running."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, translate("Rsgpt", "search index"), SCHEMA)

    def clear(self) -> None:
        """Delete everything."""
        with self._database.writing() as connection:
            connection.execute("DELETE FROM pictures")
            connection.execute("DELETE FROM sources")
        self._database.shrink()
