"""How a trial can have ended: the values of the column `status`."""

from __future__ import annotations

FINISHED, FAILED, INTERRUPTED = "finished", "failed", "interrupted"


IMPORTED = "imported"
"""Status of weights that were trained elsewhere and are not tested yet."""


CLAIMED = "claimed"
"""Status of a trial that is left to another process, which does it."""

STATUSES = (FINISHED, FAILED, INTERRUPTED, IMPORTED)
"""What the row of a trial may say."""
