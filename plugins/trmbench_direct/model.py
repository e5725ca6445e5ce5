"""Direct prediction: the "direct pred" of 2506.21734 (figure 1) and 2510.04871 (tables 4 and 5).

The same blocks as HRM and TRM, stacked and passed once: no recursion, no deep supervision and no
halting. (The reference repository's own baseline takes 16 supervision steps; this one does not.)
"""

from __future__ import annotations

from torch import Tensor

from trmbench import StepOutput, TaskInfo
from trmbench.nn import ForwardFlops, Network, PuzzleModel, network_flops
from trmbench_direct.options import Options


class Direct(PuzzleModel):
    """Embed, pass through the network, read the answer; the state only tells the dtype."""

    stacks_seeds = True

    def __init__(self, options: Options, info: TaskInfo) -> None:
        super().__init__(options, info, states=1, halts=False)
        self.options = options
        self.network = Network(options, self.positions)

    def forward(
        self, state: tuple[Tensor, ...], inputs: Tensor, puzzle_identifiers: Tensor
    ) -> StepOutput:
        """Inputs (B, L) -> logits (B, L, V); the state is handed back as it is."""
        x = self.embedding(inputs, puzzle_identifiers, state[0].dtype)
        return self.read(self.network(x), state)

    def forward_flops(self) -> ForwardFlops:
        """Operations of `forward` for one puzzle: one pass, then the answer head."""
        return ForwardFlops(0, network_flops(self.options, self.positions) + self.reading_flops)
