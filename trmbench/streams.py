"""One trial seed split into named, independent random streams.

Every draw of the harness is a function of (seed, stream, index) alone, so a trial can stop and go
on anywhere without saving a generator.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch


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
