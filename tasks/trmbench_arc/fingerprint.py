"""A hash of everything that the models of a task see."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np

from trmbench import PuzzleTable
from trmbench_arc.variants import Variants


def fingerprint(splits: Mapping[str, PuzzleTable], variants: Variants, named: bool) -> str:
    """Hash the splits and the variants, by number too where a file names the identifiers."""
    digest = hashlib.sha256()
    for name, table in splits.items():
        digest.update(f"{name} {len(table)} {'|'.join(table.puzzle_ids)}".encode())
        for array in (table.inputs, table.labels, table.puzzle_identifiers):
            digest.update(np.ascontiguousarray(array).tobytes())
    for array in (variants.counts, variants.dihedral, variants.colours):
        digest.update(array.tobytes())
    if named:  # else the numbers follow from the shape
        digest.update(variants.numbers.tobytes())
    return digest.hexdigest()[:16]
