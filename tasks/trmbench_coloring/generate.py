"""Random connected graphs that three colours suffice for, no two of them isomorphic."""

from __future__ import annotations

import numpy as np

from trmbench import Puzzles, TrmbenchError, distinct_puzzles
from trmbench_coloring.graph import adjacency_of, colourings, count_colourings, encode
from trmbench_coloring.options import ColoringOptions

_CHUNK = 2048  # graphs worked on at once; a constant, so that more puzzles extend fewer
_FRUITLESS_CHUNKS = 20
_ROUNDS = 4
"""Rounds of refinement, after which almost all random graphs of a dozen vertices are told apart."""


def generate(count: int, options: ColoringOptions) -> Puzzles:
    """Draw graphs and one colouring of each, as tokens (count, n*(n+1)) uint8.

    The first ones of a seed do not depend on `count`. Of a graph's colourings the answer is the
    first in lexicographic order, colours named as they appear.

    Raises:
        TrmbenchError: such graphs are too rare.
    """
    seeds = [options.data_seed, options.vertices]
    random = np.random.default_rng(np.random.SeedSequence(seeds))
    every = colourings(options.vertices)
    return distinct_puzzles(
        count,
        draw=lambda: _candidates(options, random, every),
        signatures=lambda inputs: signatures(adjacency_of(inputs, options.vertices)),
        patience=_FRUITLESS_CHUNKS,
        too_rare=lambda found: TrmbenchError(
            f"found {found} of {count} different graphs of {options.vertices} vertices with up to"
            f" {options.max_solutions} colourings",
            "ask for fewer puzzles, or raise task.max_solutions",
        ),
    )


def signatures(adjacency: np.ndarray) -> np.ndarray:
    """(N,) uint64, equal for graphs (N, n, n) that differ in the order of their vertices alone.

    Colour refinement: each vertex takes a hash of its own value and its neighbours' values, some
    times over. Different signatures prove different graphs.
    """
    values = np.full(adjacency.shape[:2], 1, np.uint64)
    for _ in range(_ROUNDS):
        around = (adjacency * _mix(values)[:, None, :]).sum(axis=2, dtype=np.uint64)
        values = _mix(values * np.uint64(3) + around)
    return np.asarray(values.sum(axis=1, dtype=np.uint64))


def _mix(values: np.ndarray) -> np.ndarray:
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(values ^ (values >> np.uint64(31)))


def _candidates(
    options: ColoringOptions, random: np.random.Generator, every: np.ndarray
) -> Puzzles:
    """Draw a chunk of graphs, and keep those that the options allow."""
    size = options.vertices
    above = np.triu(random.random((_CHUNK, size, size)) < options.degree / (size - 1), 1)
    adjacency = above | above.transpose(0, 2, 1)
    counts, first = count_colourings(adjacency, every)
    chosen = (counts > 0) & (counts <= options.max_solutions) & _connected(adjacency)
    inputs, labels = encode(adjacency[chosen], every[first[chosen]])
    return Puzzles(inputs, labels)


def _connected(adjacency: np.ndarray) -> np.ndarray:
    """(N,) bool: every vertex can be reached from the first."""
    reached = np.zeros(adjacency.shape[:2], bool)
    reached[:, 0] = True
    for _ in range(adjacency.shape[1]):
        reached |= (adjacency & reached[:, None, :]).any(axis=2)
    return np.asarray(reached.all(axis=1))
