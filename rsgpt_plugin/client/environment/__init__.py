"""The Python environment of the backend: interpreters, installation, checks and child processes."""
