"""The models of the RSGPT family: vision encoder, instruction-aware Q-Former, projection, language model."""
