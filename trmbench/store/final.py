"""The final weights of a trial."""

from __future__ import annotations

FINAL = "final"
"""Name of the final weights in a trial's folder."""
