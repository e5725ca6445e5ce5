"""Results as commands read them: a folder, a URL, a bundle, or several of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from trmbench.store.apart import ApartStores
from trmbench.store.datasets import Store
from trmbench.store.location import Location
from trmbench.store.several import SeveralStores, is_bundled


def open_results(
    places: Sequence[str | Location], warn: Callable[[str], None], apart: bool = False
) -> Store:
    """Open a results folder, or several of them and bundles, which are read as one.

    Args:
        places: results folders, their URLs, or bundles.
        warn: gets a line per damaged file, and one per pair of places that share trials.
        apart: each place has cells of its own (`trmbench.store.apart`).

    Raises:
        TrmbenchError: a place is not there, is no bundle, or a trial has different answers in two;
            of places to be kept apart, there is one.
    """
    unique = list(dict.fromkeys(places))
    if apart:
        return ApartStores(unique, warn)
    if len(unique) == 1 and not is_bundled(unique[0]):
        return Store(unique[0], warn)
    return SeveralStores(unique, warn)
