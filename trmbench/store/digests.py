"""A hash of what a column holds, whatever file, page or buffer holds it."""

from __future__ import annotations

import hashlib

import pyarrow as pa
import pyarrow.compute as pc


def digest(column: pa.ChunkedArray) -> str:
    """16 hexadecimal digits of the SHA-256 of a column's type, nulls and values."""
    array = column.combine_chunks()
    chunks = array.chunks if isinstance(array, pa.ChunkedArray) else [array]
    hasher = hashlib.sha256(f"{_name(column.type)} {len(column)}".encode())
    for chunk in chunks:  # more than one where 2 GiB of text do not fit into one
        _feed(hasher, chunk)
    return hasher.hexdigest()[:16]


def _name(kind: pa.DataType) -> str:
    """A type's name; what the items of a list are called depends on who wrote them."""
    return f"list of {kind.value_type}" if pa.types.is_list(kind) else str(kind)


def _feed(hasher: hashlib._Hash, array: pa.Array) -> None:
    """Nulls, then lengths where values have any, then the values that are not null."""
    if array.null_count:
        hasher.update(_bytes(array.is_valid().cast(pa.uint8())))
        array = array.drop_null()
    kind = array.type
    if pa.types.is_list(kind):
        hasher.update(_bytes(pc.list_value_length(array)))
        _feed(hasher, array.flatten())
    elif pa.types.is_string(kind) or pa.types.is_binary(kind):
        hasher.update(_bytes(pc.binary_length(array)))
        if len(array):
            starts = array.buffers()[1]
            first, last = (
                int.from_bytes(starts[4 * place : 4 * place + 4], "little")
                for place in (array.offset, array.offset + len(array))
            )
            hasher.update(array.buffers()[2][first:last] if last > first else b"")
    else:
        hasher.update(_bytes(array.cast(pa.uint8()) if pa.types.is_boolean(kind) else array))


def _bytes(array: pa.Array) -> pa.Buffer | bytes:
    """The values of an array of fixed width without nulls."""
    width = array.type.bit_width // 8
    if not len(array):
        return b""
    return array.buffers()[1][array.offset * width : (array.offset + len(array)) * width]
