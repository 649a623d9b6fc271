"""`python -m rsgpt_backend` is the `rsgpt` command."""

from .cli import main

raise SystemExit(main())
