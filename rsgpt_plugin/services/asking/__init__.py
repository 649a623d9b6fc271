"""Questions about one place: the area, its picture, the conversation and the results row of an answer."""
