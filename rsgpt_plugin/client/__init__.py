"""The only way to a model server: its environment, its process, and the protocol."""
