"""Search among pictures by words and by example: an index on disk, and scores of its pictures."""
