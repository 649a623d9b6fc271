"""Words that people use for the things in pictures, and for kinds of areas."""
