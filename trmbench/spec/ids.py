"""What trials, cells and evaluations are called: 12 hexadecimal digits, and nothing else.

Ids name files and folders, so one that was read from a file is looked at before it is used.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from trmbench.errors import TrmbenchError

_ID = re.compile(r"[0-9a-f]{12}", re.ASCII)


def short_hash(value: Any) -> str:
    """12 hexadecimal digits of the SHA-256 of a value's canonical JSON."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def trial_hash(cell_id: str, seed: int) -> str:
    """The `trial_id` of a cell with a training seed."""
    return short_hash([cell_id, seed])


def is_id(value: object) -> bool:
    """Whether a value can be the id of a trial, a cell or an evaluation."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def checked_id(value: str) -> str:
    """The id, which may become part of a path.

    Raises:
        TrmbenchError: it is none.
    """
    if not is_id(value):
        raise TrmbenchError(f"{value!r:.60} is no id", "an id is 12 digits from 0 to f")
    return value
