"""The subcommands of `rsgpt`, one module per command: each adds its parser and runs."""
