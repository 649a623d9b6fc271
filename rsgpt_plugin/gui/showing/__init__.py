"""Marks of the thing that a question asks about, on the picture and on the map."""
