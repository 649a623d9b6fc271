"""From map to pixels and back: grid, capture, stretch, fields, style. Knows no model and no network server."""
