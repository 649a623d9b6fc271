"""What a person sees and presses. No network, no model and no pixels."""
