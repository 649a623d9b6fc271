"""The SQLite file in which `rsgpt search` keeps what a model computed of pictures. The plugin clears it."""

from __future__ import annotations

FILE = "cache/search.sqlite"  # in the data folder
# One statement per version of the file. Files of version 1 have both tables.
SCHEMA = (
    "CREATE TABLE pictures (model TEXT NOT NULL, picture TEXT NOT NULL, scores BLOB NOT NULL, "
    "PRIMARY KEY (model, picture))",
    "CREATE TABLE IF NOT EXISTS sources (place TEXT PRIMARY KEY, version TEXT NOT NULL, picture TEXT NOT NULL)",
)
