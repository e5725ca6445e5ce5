"""Rows of finished trials in, values with their uncertainty out."""
