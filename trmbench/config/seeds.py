"""The seeds of a run: how they are written, how large and how many they may be."""

from __future__ import annotations

import operator
import re
from collections.abc import Iterable
from itertools import islice

from trmbench.errors import TrmbenchError

LARGEST_SEED = 2**63 - 1
"""Seeds are stored as 64-bit integers."""
MOST_SEEDS = 10_000
"""Seeds of one run."""
_NUMBER = "(0|[1-9][0-9]{0,18})"
"""No zeros in front: 1,000 is not meant as the seeds 1 and 0."""
_HINT = "use 5 (seeds 0 to 4), 0-4, or 0,2,7"


def parse_seeds(wanted: str | int | Iterable[int]) -> list[int]:
    """Seeds as typed or given: 5 or "5" = 0..4, "0-4", "3-3", "0,2,7", [0, 2, 7].

    Raises:
        TrmbenchError: anything else, a seed out of 0 to `LARGEST_SEED`, or too many of them.
    """
    if isinstance(wanted, Iterable) and not isinstance(wanted, str):
        return _checked(wanted)
    text = str(wanted).strip()
    if re.fullmatch(_NUMBER, text) and int(text) > 0:
        return _checked(range(int(text)))
    if (match := re.fullmatch(f"{_NUMBER}-{_NUMBER}", text)) and int(match[1]) <= int(match[2]):
        return _checked(range(int(match[1]), int(match[2]) + 1))
    if re.fullmatch(f"{_NUMBER}(,{_NUMBER})+,?|{_NUMBER},", text):
        return _checked(sorted(int(part) for part in text.split(",") if part))
    shown = text if len(text) <= 60 else f"{text[:60]}..."
    raise TrmbenchError(f"--seeds {shown!r} is not understood", _HINT)


def _checked(seeds: Iterable[int]) -> list[int]:
    """Each seed once; no more than one too many are looked at."""
    found = list(dict.fromkeys(_seed(seed) for seed in islice(seeds, MOST_SEEDS + 1)))
    if not found:
        raise TrmbenchError("no seed is asked for", _HINT)
    if len(found) > MOST_SEEDS:
        raise TrmbenchError(f"more than {MOST_SEEDS:,} seeds", "run them in several parts")
    return found


def _seed(seed: int) -> int:
    try:
        number = operator.index(seed)  # numpy's integers, too
    except TypeError:
        number = -1
    if not 0 <= number <= LARGEST_SEED:
        raise TrmbenchError(f"seed {seed!r} is not possible", "use 0 to 2^63 - 1")
    return number
