"""RSGPT's training recipe: encoder and language model frozen, Q-Former and projection trained."""
