"""Export of results: geodata, CSV sheets, data sets, and HTML reports."""
