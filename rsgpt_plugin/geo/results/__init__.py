"""Results layers: schema, rows, display, style, map tips, and exports. It does not import `geo.imagery`."""
