"""The kind of machine that made a row: equal seeds give equal bits on the same kind only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trmbench.store.plain_json import parse

UNKNOWN = "an unknown processor"


def processor(row: Mapping[str, Any]) -> str:
    """Name the processor that trained a trial, or the GPU."""
    if row["device"] and row["device"] != "cpu":
        return str(row["device"])
    return str(parse(row["provenance"] or "{}").get("cpu") or UNKNOWN)
