"""Runs of the algorithms: start, pause, resume and cancel."""
