"""Annotated pictures, as published data sets lay them out."""
