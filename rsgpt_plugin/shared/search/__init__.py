"""Search among pictures by words and by example: the index of pictures, what words mean, and scores."""
