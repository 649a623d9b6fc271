"""The `evaluate` command, and the calibration of a trained model."""
