"""Questions, answer types, and typed values read from model replies."""
