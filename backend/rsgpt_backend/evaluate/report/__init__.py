"""Reports of finished evaluations: their contents, and their output as Markdown and HTML."""
