"""One trial seed split into named, independent random streams.

Every draw of the harness is a function of (seed, stream, index) alone, so a trial can stop and go
on anywhere without saving a generator.
"""

from __future__ import annotations

import math
import zlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch
    from torch import Tensor

_GOLDEN, _MIX_1, _MIX_2 = (
    constant - 2**64 for constant in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
)
"""The constants of SplitMix64 (Steele, Lea and Flood, 2014) as signed 64-bit numbers."""
_CALLS_APART = 2**40
"""More elements than a slot's part of a tensor has."""


def stream_seed(seed: int, name: str, index: int = 0) -> int:
    """A 63-bit seed for draw number `index` of the stream `name` (numpy's SeedSequence)."""
    sequence = np.random.SeedSequence([seed, zlib.crc32(name.encode()), index])
    return int(sequence.generate_state(1, np.uint64)[0] >> np.uint64(1))


class Streams:
    """The random streams of a trial on a device."""

    def __init__(self, seed: int, device: torch.device) -> None:
        import torch

        self.seed = seed
        self._generator = torch.Generator(device=device)

    def numpy(self, name: str, index: int = 0) -> np.random.Generator:
        """A fresh numpy generator for that draw."""
        return np.random.default_rng(stream_seed(self.seed, name, index))

    def torch(self, name: str, index: int = 0) -> torch.Generator:
        """The device's generator, seeded for that draw; valid until the next call."""
        return self._generator.manual_seed(stream_seed(self.seed, name, index))


class Draws:
    """Random numbers for the slots of a batch: a function of (slot's key, call, element) alone.

    So they are the same however many slots are computed at a time, by however many processes, and
    after an interruption. Nothing waits for the device.

    Args:
        keys: (B,) int64, one per slot (`draws`).
    """

    def __init__(self, keys: Tensor) -> None:
        self.keys = keys
        self._calls = 0

    def uniform(self, like: Tensor) -> Tensor:
        """Draw numbers in [0, 1), shaped and typed as a tensor (B, ...)."""
        return (self._bits(like, 40) * 2.0**-24).to(like.dtype)

    def bernoulli(self, like: Tensor, p: float) -> Tensor:
        """Draw 1 with probability p, else 0, shaped and typed as a tensor (B, ...)."""
        return (self._bits(like, 40) * 2.0**-24 < p).to(like.dtype)

    def normal(self, like: Tensor) -> Tensor:
        """Draw from the standard normal distribution, shaped and typed as a tensor (B, ...)."""
        radius = (-2 * ((self._bits(like, 40) + 1) * 2.0**-24).log()).sqrt()
        angle = 2 * math.pi * (self._bits(like, 40) * 2.0**-24)
        return (radius * angle.cos()).to(like.dtype)

    def _bits(self, like: Tensor, dropped: int) -> Tensor:
        """(B, ...) float32 whole numbers of 64 - `dropped` random bits each."""
        import torch

        first = 1 + self._calls * _CALLS_APART
        self._calls += 1
        count = math.prod(like.shape[1:])
        elements = torch.arange(first, first + count, device=like.device)
        mixed = _mixed(self.keys[:, None] + _GOLDEN * elements)
        return _shifted(mixed, dropped).to(torch.float32).view(like.shape)


def draws(seed: int, name: str, index: int, slots: Tensor) -> Draws:
    """The random numbers of a trial for draw number `index` of the stream `name`.

    Args:
        seed: the trial's seed.
        name: the stream.
        index: such as the training step.
        slots: (B,) int64 places in the whole batch, or rows of the table.
    """
    return Draws(_mixed(_mixed(slots + 1) + stream_seed(seed, name, index)))


def _mixed(numbers: Tensor) -> Tensor:
    """The finaliser of SplitMix64, on signed 64-bit numbers, which wrap around."""
    numbers = (numbers ^ _shifted(numbers, 30)) * _MIX_1
    numbers = (numbers ^ _shifted(numbers, 27)) * _MIX_2
    return numbers ^ _shifted(numbers, 31)


def _shifted(numbers: Tensor, places: int) -> Tensor:
    """Shift right, zeros coming in from the left."""
    shifted: Tensor = (numbers >> places) & (2 ** (64 - places) - 1)
    return shifted
