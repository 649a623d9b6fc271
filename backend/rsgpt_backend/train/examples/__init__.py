"""Training examples: questions and captions derived from annotations."""
