"""JSON that came from elsewhere: read without trusting its depth or its numbers."""

from __future__ import annotations

import json
from typing import Any

DEPTH = 20
"""Objects and lists within each other: far more than a configuration has."""


def parse(text: str | bytes) -> Any:
    """What a JSON text says.

    Raises:
        ValueError: it is no JSON, or nested too deeply to be ours.
    """
    try:
        value = json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    _check_depth(value, DEPTH)
    return value


def _check_depth(value: Any, depth: int) -> None:
    if not depth:
        raise ValueError("it is nested too deeply")
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            if isinstance(item, dict | list):
                _check_depth(item, depth - 1)
