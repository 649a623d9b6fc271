"""The Python environment of the model: finding Python, installing, checking, and running commands in it."""
