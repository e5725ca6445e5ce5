"""Columns of Arrow tables as numpy arrays, without what would load pandas."""

from __future__ import annotations

import numpy as np
import pyarrow as pa


def one_array(column: pa.ChunkedArray) -> pa.Array:
    """Join the pieces of a column."""
    combined = column.combine_chunks()
    return combined.chunk(0) if isinstance(combined, pa.ChunkedArray) else combined


def as_numpy(array: pa.Array) -> np.ndarray:
    """Convert an array without nulls; `to_numpy` would copy it and load pandas."""
    if pa.types.is_boolean(array.type):
        array = array.cast(pa.uint8())
    return np.from_dlpack(array)
