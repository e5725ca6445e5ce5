"""Options of the ensemble."""

from __future__ import annotations

from dataclasses import dataclass

from trmbench import TrmbenchError, setting


@dataclass(frozen=True)
class Options:
    """Who the members are, and how long they may think."""

    base: str = "trm"
    """The members' model: any recursive model that says how sure it is of its answer."""
    members: int = setting(3, at_least=1, at_most=1_000)
    """K, how many trainings of it answer."""
    seeds: str | None = None
    """Seeds of the members, such as "0,3,7"; None = K seeds for each seed of the ensemble, disjoint
    from those of the others: seed 0 has 0 to K - 1, seed 1 has K to 2 K - 1."""
    base_trials: str | None = None
    """Ids of K trials of the results folder whose weights are the members', such as imported ones
    (`trmbench checkpoint import`), with commas between them."""
    steps: int | None = setting(None, at_least=1, at_most=100_000)
    """Supervision steps at most; None = as many as the members were trained with."""

    def __post_init__(self) -> None:
        if self.seeds is not None and self.base_trials is not None:
            raise TrmbenchError("model.seeds and model.base_trials are both given", "give one")
        for name, named in (("seeds", self.listed), ("base_trials", self.stored)):
            if getattr(self, name) is not None and len(named) != self.members:
                raise TrmbenchError(
                    f"model.{name} names {len(named)} members, model.members is {self.members}",
                    f"add --set model.members={len(named)}",
                )

    @property
    def listed(self) -> tuple[int, ...]:
        """The members' seeds, where they are named.

        Raises:
            TrmbenchError: one is no seed.
        """
        parts = _parts(self.seeds)
        if not all(part.isascii() and part.isdigit() for part in parts):
            raise TrmbenchError(f"model.seeds={self.seeds} names no seeds", 'give such as "0,3,7"')
        return tuple(map(int, parts))

    @property
    def stored(self) -> list[str]:
        """The members' trials, where they are named."""
        return _parts(self.base_trials)


def _parts(text: str | None) -> list[str]:
    return [part for each in (text or "").split(",") if (part := each.strip())]
