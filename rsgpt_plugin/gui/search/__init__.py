"""The dock “RSGPT search”."""
