"""The training seeds that a user asks for."""

from __future__ import annotations

import re
from collections.abc import Iterable

from trmbench.errors import TrmbenchError


def parse_seeds(wanted: str | int | Iterable[int]) -> list[int]:
    """Seeds as typed or given: 5 or "5" = 0..4, "0-4", "3-3", "0,2,7", [0, 2, 7].

    Raises:
        TrmbenchError: anything else.
    """
    if isinstance(wanted, Iterable) and not isinstance(wanted, str):
        return list(wanted)
    text = str(wanted).strip()
    if re.fullmatch(r"\d+", text) and int(text) > 0:
        return list(range(int(text)))
    if (match := re.fullmatch(r"(\d+)-(\d+)", text)) and int(match[1]) <= int(match[2]):
        return list(range(int(match[1]), int(match[2]) + 1))
    if re.fullmatch(r"\d+(,\d+)+,?|\d+,", text):
        return sorted({int(part) for part in text.split(",") if part})
    raise TrmbenchError(
        f"--seeds {text!r} is not understood", "use 5 (seeds 0 to 4), 0-4, or 0,2,7"
    )
