"""The cells that a model builds upon, as its plugin names them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from trmbench.config.cell import Cell
from trmbench.errors import TrmbenchError
from trmbench.spec import BaseCell, ModelSpec


class Base(NamedTuple):
    """A cell that a model builds upon."""

    wanted: BaseCell
    """What the plugin asked for."""
    cell: Cell


def wanted_bases(model: ModelSpec, config: Mapping[str, Mapping[str, Any]]) -> tuple[BaseCell, ...]:
    """What a configured model builds upon, as its plugin names it; empty for nothing.

    Raises:
        TrmbenchError: the plugin names something else, or no seeds.
    """
    if model.base is None:
        return ()
    found = model.base(model.options(**config["model"]))
    several = (found,) if isinstance(found, BaseCell) else found
    if not isinstance(several, Sequence) or not several:
        raise _no_cells(found)
    for wanted in several:
        if not isinstance(wanted, BaseCell):
            raise _no_cells(found)
        _check_seeds(wanted)
    return tuple(several)


def _no_cells(found: object) -> TrmbenchError:
    return TrmbenchError(f"base(options) returned {found!r} instead of a BaseCell, or several")


def _check_seeds(wanted: BaseCell) -> None:
    seeds = wanted.seeds_of(0)
    if not seeds or len(set(seeds)) < len(seeds) or min(seeds) < 0:
        raise TrmbenchError(
            f"base {wanted.model} has seeds {wanted.seeds!r}",
            "name how many from 1 on, or each seed from 0 on once",
        )
    if wanted.trial is not None and wanted.seeds != 1:
        raise TrmbenchError(
            f"base {wanted.model} is trial {wanted.trial}, which has one seed",
            "name several trials, or seeds without a trial",
        )


def hashed(bases: Sequence[Base]) -> dict[str, Any]:
    """What the hash of a cell holds of the cells that it builds upon."""
    if not bases:
        return {}
    if len(bases) == 1 and bases[0].wanted.seeds == 1:
        return {"base": bases[0].cell.cell_id}
    return {"bases": [[cell.cell_id, wanted.trial, wanted.seeds] for wanted, cell in bases]}
