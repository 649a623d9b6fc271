"""Training of the classifier and of the question parser."""
