"""Pure Python: questions, typed answers, answer cache, paths. Knows no qgis, no network, no arrays."""
