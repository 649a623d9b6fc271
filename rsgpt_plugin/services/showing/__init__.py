"""Where the thing is that a question asks about: in the picture, and on the map."""
