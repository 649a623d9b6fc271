"""Finished evaluations as a report: what it holds, and how it looks as Markdown and as a page."""
