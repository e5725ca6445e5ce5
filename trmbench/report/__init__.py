"""Compared cells become tables, plots and pages here."""
