"""The columns of the results table: their menu, the rows per value, and styles of the map."""
