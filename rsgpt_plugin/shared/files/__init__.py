"""File names, file locks and safe writing."""
