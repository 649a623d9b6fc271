"""What a free question asks for."""
