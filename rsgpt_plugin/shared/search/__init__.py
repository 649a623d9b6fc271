"""Search among pictures by words and by example: what words mean, and the order of scores."""
