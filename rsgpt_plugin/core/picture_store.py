"""Pictures that the model was shown, by the hash of their pixels. Knows no place and no answer."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Optional

from ..shared.i18n import translate
from .database import Store

# UNIQUE makes an index of all that the store counts by: without it, to open the file reads every picture.
SCHEMA = (
    "CREATE TABLE pictures (sha256 TEXT PRIMARY KEY, png BLOB NOT NULL, bytes INTEGER NOT NULL, used_at REAL NOT NULL, "
    "UNIQUE (used_at, sha256, bytes))",
)
_ROOM = 0.9  # how full the store is left when it has to make room


class PictureStore(Store):
    """One open file of PNG pictures, at most `limit` bytes of them, see Database: those used longest ago go first."""

    def __init__(self, path: Path, limit: int) -> None:
        super().__init__(path, translate("Rsgpt", "picture store"), SCHEMA)
        self._limit = limit
        self._held = self._bytes()

    def get(self, sha256: str) -> Optional[bytes]:
        """The PNG whose pixels have that hash (see `shared.pixels.pixels_sha256`), or None."""
        rows = self._database.read("SELECT png FROM pictures WHERE sha256 = ?", (sha256,))
        return bytes(rows[0][0]) if rows else None

    def put(self, sha256: str, png: bytes) -> None:
        """Keep a picture; where it is kept already, it counts as used now."""
        now = time.time()
        with self._database.writing() as connection:
            if connection.execute("UPDATE pictures SET used_at = ? WHERE sha256 = ?", (now, sha256)).rowcount:
                return
            connection.execute("INSERT INTO pictures VALUES (?, ?, ?, ?)", (sha256, png, len(png), now))
        self._held += len(png)
        if self._held > self._limit:
            self._make_room()

    def clear(self) -> None:
        """Forget all pictures."""
        with self._database.writing() as connection:
            connection.execute("DELETE FROM pictures")
        self._database.shrink()
        self._held = 0

    def _make_room(self) -> None:
        """Drop those used longest ago, until the store is nine tenths full."""
        excess = self._bytes() - round(_ROOM * self._limit)
        with self._database.writing() as connection:
            connection.execute(
                "DELETE FROM pictures WHERE sha256 IN (SELECT sha256 FROM (SELECT sha256, bytes, sum(bytes) OVER "
                "(ORDER BY used_at, sha256) AS running FROM pictures) WHERE running - bytes < ?)",
                (excess,),
            )
        self._held = self._bytes()

    def _bytes(self) -> int:
        return int(self._database.read("SELECT coalesce(sum(bytes), 0) FROM pictures")[0][0])
