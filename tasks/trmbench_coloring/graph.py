"""Graphs as tokens, and all their colourings with three colours.

A graph of n vertices is a grid of n rows and n + 1 columns: the adjacency matrix, and to its right
a column for the colours. Only that column is asked for.
"""

from __future__ import annotations

import itertools
import math

import numpy as np

PAD, APART, EDGE, UNKNOWN = range(4)
COLOURS = 3
"""The colour c, counted from 0, is the token `UNKNOWN + 1 + c`."""
VOCABULARY = UNKNOWN + 1 + COLOURS


def encode(adjacency: np.ndarray, colours: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Questions and answers (N, n*(n+1)) uint8.

    Args:
        adjacency: (N, n, n) bool, symmetric.
        colours: (N, n) integers 0..2.
    """
    matrix = np.where(adjacency, EDGE, APART)
    blank = np.full_like(colours, UNKNOWN)[..., None]
    inputs = np.concatenate([matrix, blank], axis=2)
    labels = np.concatenate([np.full_like(matrix, PAD), colours[..., None] + UNKNOWN + 1], axis=2)
    flat = (len(matrix), matrix.shape[1] * inputs.shape[2])
    return inputs.astype(np.uint8).reshape(flat), labels.astype(np.uint8).reshape(flat)


def adjacency_of(inputs: np.ndarray, vertices: int) -> np.ndarray:
    """(N, n, n) bool of questions (N, n*(n+1))."""
    return np.asarray(inputs.reshape(-1, vertices, vertices + 1)[..., :-1] == EDGE)


def colours_of(tokens: np.ndarray, vertices: int) -> np.ndarray:
    """(N, n) int64 of answers (N, n*(n+1)); negative or above 2 where a token is no colour."""
    return tokens.reshape(-1, vertices, vertices + 1)[..., -1].astype(np.int64) - UNKNOWN - 1


def colourings(vertices: int) -> np.ndarray:
    """(K, n) int64: every way to colour n vertices, apart from renaming the colours.

    Colours are named in the order in which they appear; rows are in lexicographic order.
    """
    rows = np.array(list(itertools.product(range(COLOURS), repeat=vertices - 1)), np.int64)
    rows = np.concatenate([np.zeros((len(rows), 1), np.int64), rows], axis=1)
    return np.asarray(rows[(named_in_order(rows) == rows).all(axis=1)])


def named_in_order(colours: np.ndarray) -> np.ndarray:
    """Colours (N, n) renamed by the order in which they first appear in each row."""
    is_colour = colours[:, :, None] == np.arange(COLOURS)
    unused = colours.shape[1] + np.arange(COLOURS)
    first = np.where(is_colour.any(axis=1), is_colour.argmax(axis=1), unused)
    names = first.argsort(axis=1).argsort(axis=1)
    return np.asarray(np.take_along_axis(names, colours, axis=1))


def fits(adjacency: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """(N,) bool: all colours (N, n) are 0..2, and no edge (N, n, n) joins equal ones."""
    known = ((colours >= 0) & (colours < COLOURS)).all(axis=1)
    same = colours[:, :, None] == colours[:, None, :]
    return np.asarray(known & ~(same & adjacency).any(axis=(1, 2)))


def count_namings(adjacency: np.ndarray, vertices: int) -> np.ndarray:
    """(N,) int64: the colourings that fit each graph (N, n, n), however their colours are named."""
    every = colourings(vertices)
    used = every.max(axis=1) + 1
    return sum(
        (
            math.perm(COLOURS, count) * count_colourings(adjacency, every[used == count])[0]
            for count in range(1, COLOURS + 1)
        ),
        start=np.zeros(len(adjacency), np.int64),
    )


def count_colourings(adjacency: np.ndarray, every: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Count the K rows of `every` that fit each graph (N, n, n), and find the first that does.

    Returns:
        (N,) int64 counts, and (N,) int64 rows (0 where none fits).
    """
    above = np.triu_indices(adjacency.shape[1], 1)
    edges = adjacency[:, above[0], above[1]].astype(np.float32)
    same = (every[:, above[0]] == every[:, above[1]]).astype(np.float32)
    right = (edges @ same.T) == 0
    return right.sum(axis=1), right.argmax(axis=1)
