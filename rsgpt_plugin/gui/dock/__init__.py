"""The dock in which a user talks about a place. It asks no model and reads no pixels itself."""
