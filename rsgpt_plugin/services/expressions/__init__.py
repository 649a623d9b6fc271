"""Expression functions that count found objects and ask about geometries, without waiting for the model."""
