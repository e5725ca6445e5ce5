"""Random pictures that their clues determine, all different under the square's symmetries."""

from __future__ import annotations

import numpy as np
import torch

from trmbench import TrmbenchError
from trmbench_nonogram.layout import runs
from trmbench_nonogram.options import NonogramOptions
from trmbench_nonogram.solve import BLACK, WHITE, solve

_CHUNK = 2048  # pictures worked on at once; a constant, so that more puzzles extend fewer
_FRUITLESS_CHUNKS = 20


def generate(count: int, options: NonogramOptions) -> np.ndarray:
    """Draw pictures (count, n, n) bool. The first ones of a seed do not depend on `count`.

    Raises:
        TrmbenchError: such pictures are too rare.
    """
    random = np.random.default_rng(np.random.SeedSequence([options.data_seed, options.size]))
    found: list[np.ndarray] = []
    seen: set[bytes] = set()
    fruitless = 0
    while len(found) < count:
        before = len(found)
        for picture in _candidates(options, random):
            key = signature(picture)
            if key not in seen:
                seen.add(key)
                found.append(picture)
        fruitless = 0 if len(found) > before else fruitless + 1
        if fruitless == _FRUITLESS_CHUNKS:
            raise TrmbenchError(
                f"found {len(found)} of {count} Nonograms of {options.size}x{options.size} cells "
                f"that take {options.min_rounds} rounds",
                "lower task.min_rounds, or move task.min_black and task.max_black towards 0.6",
            )
    return np.stack(found[:count])


def signature(picture: np.ndarray) -> bytes:
    """Compute equal bytes for pictures (n, n) bool that a symmetry maps onto each other."""
    copies = (np.rot90(base, quarters) for base in (picture, picture.T) for quarters in range(4))
    return min(np.packbits(copy).tobytes() for copy in copies)


def _candidates(options: NonogramOptions, random: np.random.Generator) -> np.ndarray:
    """Draw a chunk of pictures, and keep those that line solving finds in enough rounds."""
    size = options.size
    share = random.uniform(options.min_black, options.max_black, (_CHUNK, 1, 1))
    pictures = random.random((_CHUNK, size, size)) < share
    tensor = torch.from_numpy(pictures)
    rows, columns = (runs(lines).numpy().astype(np.uint8) for lines in (tensor, tensor.mT))
    domains, rounds = solve(rows, columns)
    solved = (domains == np.where(pictures, BLACK, WHITE)).all(axis=(1, 2))
    return np.asarray(pictures[solved & (rounds >= options.min_rounds)])
