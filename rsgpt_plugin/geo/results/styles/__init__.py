"""The look of results layers: symbols, labels, forms, map tips, and the style that is stored in a file."""
