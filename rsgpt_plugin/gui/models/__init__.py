"""Which models there are, what they need, and making more of them."""
