"""The engine: a loaded model that answers prompts about pictures in batches, with a confidence for each answer."""
