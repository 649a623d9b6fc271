"""From published checkpoints of the family to this project's model folders."""
