"""The results table: a layer of results as rows to read, filter, correct, ask again and export."""
