"""What `trmbench bench` measures and says."""

from __future__ import annotations
