"""Results layers: schema, rows, display, style, map tips, and exports. It imports nothing from `geo.imagery`."""
