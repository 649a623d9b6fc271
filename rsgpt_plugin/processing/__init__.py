"""The Processing provider and its algorithms. Knows no widgets."""
