"""Training of RSGPT: encoder and language model are frozen, Q-Former and projection are trained."""
