"""Puzzles, drawn."""
