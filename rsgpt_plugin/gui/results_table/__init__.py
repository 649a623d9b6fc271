"""The results table: rows of a results layer to read, filter, correct, ask again and export."""
