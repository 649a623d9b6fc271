"""Outputs of the algorithms: what a run may replace, a trial write before the run, and the sink."""
