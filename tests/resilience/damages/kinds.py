"""What a damage is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

Damage = Callable[[Path, Path], None]
"""Gets the file, and another file of the same kind that belongs to another trial."""
OUTSIDE = "outside"
"""A folder next to the results folder, which nothing may change."""
