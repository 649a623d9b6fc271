"""What a request must pass before a route sees it, one concern a file. It knows no engine."""
