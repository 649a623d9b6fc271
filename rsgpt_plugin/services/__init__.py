"""Work behind the interface: background tasks, conversations, runs, results layers and setup."""
