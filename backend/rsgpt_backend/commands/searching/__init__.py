"""`rsgpt search`: arguments, the pictures that they name, and output."""
