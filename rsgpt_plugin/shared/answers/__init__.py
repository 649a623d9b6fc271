"""Question types, and typed values read from what a model wrote."""
