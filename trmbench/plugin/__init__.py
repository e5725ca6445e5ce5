"""How plugins are found, kept apart, and looked up by name."""
