"""What can have happened to a file: each damage is a function of it and another of its kind."""

from __future__ import annotations

from resilience.damages.descriptions import JSON
from resilience.damages.files import ANY
from resilience.damages.kinds import OUTSIDE, Damage
from resilience.damages.tables import PARQUET

__all__ = ["ANY", "JSON", "OUTSIDE", "PARQUET", "Damage"]
