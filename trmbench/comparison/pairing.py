"""Seeds of two cells that belong together: one network tested in two ways, or a base of both.

Nothing but weights makes a pair. Seeds of equal number share the order of the data too; what that
does to their difference is not known, and taking them for strangers is never too bold. That holds
for an ensemble and one of its members as well, which would leave most seeds without a partner.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Hashable, Sequence
from typing import Literal

from trmbench.comparison.cells import CellSummary
from trmbench.spec.trials import Row, bases_of, parsed
from trmbench.store.several import APART, ORIGIN

Pairing = Literal["auto", "always", "never"]


def partners(a: CellSummary, b: CellSummary, how: Pairing) -> list[tuple[Row, Row]]:
    """Find the trials of two cells that belong together; none where their seeds are strangers.

    Args:
        a: a cell.
        b: another one, of the same task and preset.
        how: "auto" pairs trials of the same weights, "always" those of equal seeds.
    """
    if how == "never":
        return []
    roots = _seeds if how == "always" else _roots
    places: dict[Hashable, list[int]] = defaultdict(list)
    for place, right in enumerate(b.trials):
        for root in roots(right):
            places[root].append(place)
    taken: set[int] = set()
    found = []
    for left in a.trials:
        related = {place for root in roots(left) for place in places.get(root, ())} - taken
        if related:
            place = min(related)
            taken.add(place)
            found.append((left, b.trials[place]))
    return found


def shared_networks(cell: CellSummary) -> list[str]:
    """The trials that every one of several trials of a cell builds upon: draws, no trainings."""
    bases = [_bases(row) for row in cell.trials]
    return sorted(set.intersection(*bases)) if len(bases) > 1 else []


def _seeds(row: Row) -> set[Hashable]:
    return {row["seed"]}


def _roots(row: Row) -> set[Hashable]:
    """Names of the trainings that a trial's weights are from, of several all together."""
    config = parsed(row["config"])
    overrides = parsed(row["overrides"])
    roots: set[Hashable] = {row["trial_id"], _training(row["model"], row, list(overrides.items()))}
    bases = _bases(row)
    named = config.get("model", {}).get("base")
    if bases:
        roots |= bases if len(bases) == 1 else {frozenset(bases)}
    elif isinstance(named, str):  # a row of before its base was recorded
        of_base = [item for item in overrides.items() if not item[0].startswith("model.")]
        roots.add(_training(named, row, of_base))
    return {(row[ORIGIN], root) for root in roots} if APART in row else roots


def _training(model: str, row: Row, overrides: Sequence[tuple[str, object]]) -> Hashable:
    return model, row["task"], row["preset"], row["seed"], json.dumps(sorted(overrides))


def _bases(row: Row) -> set[str]:
    """The trials that a trial builds upon, as recorded or as asked for."""
    asked = parsed(row["config"]).get("model", {}).get("base_trial")
    return set(bases_of(row) or ([asked] if asked else []))
