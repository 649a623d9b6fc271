"""Store of pictures shown to the model, by the hash of their pixels."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Optional

from ..shared.i18n import translate
from .database import Store

# UNIQUE creates an index over the counted columns. Without it, opening the file would read every picture.
SCHEMA = (
    "CREATE TABLE pictures (sha256 TEXT PRIMARY KEY, png BLOB NOT NULL, bytes INTEGER NOT NULL, used_at REAL NOT NULL, "
    "UNIQUE (used_at, sha256, bytes))",
)
_FILL_LEVEL = 0.9  # share of the limit that is left after dropping pictures


class PictureStore(Store):
    """One open file of at most `limit` bytes of PNG pictures, see Database. Least recently used ones go first."""

    def __init__(self, path: Path, limit: int) -> None:
        super().__init__(path, translate("Rsgpt", "picture store"), SCHEMA)
        self._limit = limit
        self._size = self._bytes()

    def get(self, sha256: str) -> Optional[bytes]:
        """Return the PNG by pixel hash (see `shared.rasters.pixels.pixels_sha256`), or None."""
        rows = self._database.read("SELECT png FROM pictures WHERE sha256 = ?", (sha256,))
        return bytes(rows[0][0]) if rows else None

    def put(self, sha256: str, png: bytes) -> None:
        """Store a picture, or mark an existing one as used now."""
        now = time.time()
        with self._database.writing() as connection:
            if connection.execute("UPDATE pictures SET used_at = ? WHERE sha256 = ?", (now, sha256)).rowcount:
                return
            connection.execute("INSERT INTO pictures VALUES (?, ?, ?, ?)", (sha256, png, len(png), now))
        self._size += len(png)
        if self._size > self._limit:
            self._drop_oldest()

    def clear(self) -> None:
        """Delete all pictures."""
        with self._database.writing() as connection:
            connection.execute("DELETE FROM pictures")
        self._database.shrink()
        self._size = 0

    def _drop_oldest(self) -> None:
        """Drop the least recently used pictures down to _FILL_LEVEL."""
        excess = self._bytes() - round(_FILL_LEVEL * self._limit)
        with self._database.writing() as connection:
            connection.execute(
                "DELETE FROM pictures WHERE sha256 IN (SELECT sha256 FROM (SELECT sha256, bytes, sum(bytes) OVER "
                "(ORDER BY used_at, sha256) AS running FROM pictures) WHERE running - bytes < ?)",
                (excess,),
            )
        self._size = self._bytes()

    def _bytes(self) -> int:
        return int(self._database.read("SELECT coalesce(sum(bytes), 0) FROM pictures")[0][0])
