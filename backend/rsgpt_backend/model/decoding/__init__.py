"""Token generation: greedy and sampled decoding, beam search, and scoring of candidate answers."""
