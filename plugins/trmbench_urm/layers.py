"""The blocks of the Universal Reasoning Model: a short convolution inside the gated MLP.

Shapes: B puzzles, P positions, D features of a position, I hidden features of the MLP.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from trmbench.nn import Block, SwiGLU, rms_norm
from trmbench_urm.options import Options


class ShortConvolution(nn.Conv1d):
    """Each feature is averaged over nearby positions with weights of its own: (B, P, I) same.

    With an even kernel the window has one position more before than after; outside of the puzzle
    there are zeros. The parameters are torch's, with its initial values; they may be those of
    several seeds (S, I, 1, K), for a batch of S * B puzzles.
    """

    def __init__(self, features: int, kernel: int) -> None:
        super().__init__(features, features, kernel, groups=features)

    def forward(self, x: Tensor) -> Tensor:
        # A sum of shifted products: what has no matrix product is bound by memory, not by counting.
        kernel, positions = self.weight.shape[-1], x.shape[1]
        padded = F.pad(x, (0, 0, kernel // 2, (kernel - 1) // 2))
        y = self._by_puzzle(self.bias, x)
        for offset in range(kernel):
            weight = self._by_puzzle(self.weight[..., 0, offset], x)
            y = y + weight * padded.narrow(1, offset, positions)
        return y

    def _by_puzzle(self, weight: Tensor | None, x: Tensor) -> Tensor:
        """Weight (I,), or (S, I) for a batch of S seeds, to be multiplied with x."""
        assert weight is not None  # the convolution has a bias
        weight = weight.to(x.dtype)
        if weight.dim() == 1:
            return weight
        return weight.repeat_interleave(len(x) // len(weight), 0)[:, None]


class ConvSwiGLU(SwiGLU):
    """Gated MLP whose hidden features see their neighbours: (B, P, D) -> (B, P, D)."""

    def __init__(self, features: int, expansion: float, multiple_of: int, kernel: int) -> None:
        super().__init__(features, expansion, multiple_of)
        self.conv = ShortConvolution(self.down.weight.shape[1], kernel)

    def forward(self, x: Tensor) -> Tensor:
        gate, up = self.gate_up(x).chunk(2, -1)
        y: Tensor = self.down(F.silu(self.conv(F.silu(gate) * up)))
        return y

    def add_and_norm(self, x: Tensor) -> Tensor:
        return rms_norm(x + self(x))


class ConvBlock(Block):
    """The post-norm block of TRM and HRM with this MLP."""

    def __init__(self, options: Options, positions: int) -> None:
        super().__init__(options, positions)
        self.mlp = ConvSwiGLU(options.width, options.expansion, options.multiple_of, options.kernel)
