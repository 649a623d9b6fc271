"""Questions about one place: the area, its picture, the conversation, and the row that an answer becomes."""
