"""OpenAI-compatible HTTP on loopback. It knows engines by `asking.Predictor` alone."""
