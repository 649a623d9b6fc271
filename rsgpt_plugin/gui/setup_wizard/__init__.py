"""The wizard that sets up the model; only the user opens it."""
