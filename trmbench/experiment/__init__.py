"""Cells and seeds to trials, handed to a runner."""
