"""OpenAI-compatible HTTP server on the loopback interface. It uses engines only through `predictor.Predictor`."""
