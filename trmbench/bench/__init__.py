"""The speed of training and testing on this machine, and its share of the machine's peak."""
