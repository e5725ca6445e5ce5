"""Expectations in a results folder: a small file each, whose first writing counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

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
    for expectation in expectations:
        take_over(store, [Stored(expectation, datetime.now(UTC))])


def take_over(store: Store, expectations: Sequence[Stored]) -> None:
    """Store expectations with the time that they have, unless they are there since before.

    Raises:
        TrmbenchError: the results folder cannot be written to.
    """
    if expectations:
        store.ensure_writable()
    for each in newer_to(store, expectations):
        text = each.expectation.text
        path = below(store.root, FOLDER) / f"{short_hash(text)}{SUFFIX}"
        write_json(path, {"text": text, "stored_at": each.stored_at.isoformat()})


def newer_to(store: Store, expectations: Sequence[Stored]) -> list[Stored]:
    """Pick the expectations that a results folder lacks, or has with a later time only."""
    has = {each.expectation.text: each.stored_at for each in read_expectations(store)}
    return [
        each
        for each in expectations
        if each.expectation.text not in has or each.stored_at < has[each.expectation.text]
    ]


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
        found = stored_from(parse(read_bytes(path)))
        if short_hash(found.expectation.text) != path.stem:
            raise ValueError("it is not the file of its expectation")
    except (ValueError, TrmbenchError) as error:
        if isinstance(error, Damaged):
            raise
        raise Damaged(path, reason_of(error)) from error
    return found


def stored_from(content: Any) -> Stored:
    """An expectation from its JSON object.

    Raises:
        ValueError: it is none.
    """
    try:
        found = Stored(
            read_expectation(content["text"]), datetime.fromisoformat(content["stored_at"])
        )
    except (TypeError, KeyError, AttributeError, TrmbenchError) as error:
        raise ValueError(f"no expectation: {reason_of(error)}") from error
    if found.stored_at.tzinfo is None:
        raise ValueError("an expectation has no time zone")
    return found
