"""The RSGPT panel: a dock to ask about a place, with its history."""
