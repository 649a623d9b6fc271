"""Run the `rsgpt` command with `python -m rsgpt_backend`."""

from .cli import main

raise SystemExit(main())
