"""How fast training and testing are on this machine, and what share of its peak that is."""
