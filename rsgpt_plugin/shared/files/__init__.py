"""File names, locks, and safe writing."""
