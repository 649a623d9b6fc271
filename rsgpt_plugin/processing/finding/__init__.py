"""Finding objects: the algorithm, what it searches for, the loop over search windows, and the rows."""
