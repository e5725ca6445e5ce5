"""Several seeds of one cell, trained as one computation."""
