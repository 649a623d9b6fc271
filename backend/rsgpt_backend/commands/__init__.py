"""The verbs of the `rsgpt` command, one a file: each adds its parser and runs."""
