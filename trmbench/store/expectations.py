"""Expectations in a results folder: a small file each, whose first writing counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from trmbench.errors import TrmbenchError
from trmbench.spec.expectations import Expectation, read_expectation
from trmbench.spec.ids import short_hash
from trmbench.store.atomic import write_json
from trmbench.store.datasets import Store
from trmbench.store.files import Damaged, below, listing, read_bytes, reason_of
from trmbench.store.location import Location
from trmbench.store.plain_json import parse

FOLDER, SUFFIX = "expectations", ".json"


class Stored(NamedTuple):
    """An expectation, and when it was stored."""

    expectation: Expectation
    stored_at: datetime


def write_expectations(store: Store, expectations: Sequence[Expectation]) -> None:
    """Store expectations with the time; one that is there keeps its time.

    Raises:
        TrmbenchError: the results folder cannot be written to.
    """
    if expectations:
        store.ensure_writable()
    for expectation in expectations:
        path = below(store.root, FOLDER) / f"{short_hash(expectation.text)}{SUFFIX}"
        if not path.exists():
            now = datetime.now(UTC).isoformat()
            write_json(path, {"text": expectation.text, "stored_at": now})


def read_expectations(store: Store) -> list[Stored]:
    """The expectations, the oldest first; damaged files are warned of and left out.

    Of an expectation that several folders have, the first writing counts.
    """
    found = sorted(_read_all(store), key=lambda each: (each.stored_at, each.expectation.text))
    firsts: dict[str, Stored] = {}
    for each in found:
        firsts.setdefault(each.expectation.text, each)
    return list(firsts.values())


def _read_all(store: Store) -> Iterator[Stored]:
    for path in expectation_files(store):
        try:
            yield read_stored(path)
        except FileNotFoundError:  # deleted just now
            continue
        except Damaged as error:
            store.skip(path, error.reason)


def expectation_files(store: Store) -> list[Location]:
    """The files of the expectations."""
    return [path for root in store.roots for path in listing(below(root, FOLDER), SUFFIX)]


def read_stored(path: Location) -> Stored:
    """One expectation.

    Raises:
        FileNotFoundError: there is none.
        Damaged: it is not what was written.
    """
    try:
        content = parse(read_bytes(path))
        expectation = read_expectation(content["text"])
        stored_at = datetime.fromisoformat(content["stored_at"])
        if short_hash(expectation.text) != path.stem or stored_at.tzinfo is None:
            raise ValueError("it is not the file of its expectation")
    except (ValueError, TypeError, KeyError, AttributeError, TrmbenchError) as error:
        if isinstance(error, Damaged):
            raise
        raise Damaged(path, reason_of(error)) from error
    return Stored(expectation, stored_at)
