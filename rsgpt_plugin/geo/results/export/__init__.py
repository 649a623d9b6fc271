"""Results in files for others: geodata, tables, data sets, reports."""
