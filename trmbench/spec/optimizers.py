"""Optimisers by name: what `train.optimizer` may be; standard library only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from trmbench.errors import TrmbenchError

if TYPE_CHECKING:
    from torch import Tensor
    from torch.optim import Optimizer

    from trmbench.spec.settings import TrainSettings


class Weight(NamedTuple):
    """A weight that an optimiser trains."""

    name: str
    tensor: Tensor
    is_hidden_matrix: bool
    """Whether it is a matrix between two hidden layers: no embedding, no head, no vector."""


BuildOptimizer: TypeAlias = (
    "Callable[[Sequence[Weight], TrainSettings], Optimizer | Sequence[Optimizer]]"
)
"""One or several optimisers, each with its share of the weights."""


@dataclass(frozen=True)
class OptimizerSpec:
    """An optimiser that `train.optimizer` can name.

    `build(weights, settings)` returns one `torch.optim.Optimizer`, or several that share the
    weights, with the learning rates of full speed: the harness multiplies each by the share that
    warm-up and decay leave of it. What the optimiser keeps of a weight are tensors and numbers,
    which are saved with every checkpoint, as are the numbers of its groups.
    """

    name: str
    title: str
    build: BuildOptimizer
    elementwise: bool = False
    """Each number of a weight is updated by its own gradient alone, so that the weights of several
    seeds may be stacked."""

    def require_elementwise(self) -> None:
        """Refuse to train the weights of several seeds at once.

        Raises:
            TrmbenchError: a weight's update depends on the weight as a whole.
        """
        if not self.elementwise:
            raise TrmbenchError(
                f"train.optimizer={self.name} looks at each weight as a whole, and so cannot train"
                " stacked seeds",
                "leave out --stack-seeds",
            )
