"""How well a score tells right answers from wrong ones."""

from __future__ import annotations

import math

import numpy as np


def auc(scores: np.ndarray, right: np.ndarray) -> float | None:
    """Area under the ROC curve: the chance that a right answer has a higher score than a wrong one.

    Equal scores count half; a score that is not a number is below all others.

    Args:
        scores: (N,) float.
        right: (N,) bool.

    Returns:
        None where all answers are right, or all are wrong.
    """
    ranked = np.where(np.isnan(scores), -np.inf, scores)
    area = float(auc_within(ranked, right, np.zeros(len(ranked), np.int64), 1)[0])
    return None if math.isnan(area) else area


def auc_within(scores: np.ndarray, right: np.ndarray, owners: np.ndarray, size: int) -> np.ndarray:
    """The same for the answers to each puzzle on its own.

    Args:
        scores: (M,) float, no NaN.
        right: (M,) bool.
        owners: (M,) the puzzle that each answers, 0 to size - 1.
        size: how many puzzles there are.

    Returns:
        (size,) float, NaN where all answers are right, or all are wrong.
    """
    order = np.lexsort((scores, owners))
    owner, score = owners[order], scores[order]
    is_new = np.ones(len(order), bool)
    is_new[1:] = (owner[1:] != owner[:-1]) | (score[1:] != score[:-1])
    start = np.flatnonzero(is_new)
    count = np.diff(start, append=len(order))
    middle = (start + (count + 1) / 2)[is_new.cumsum() - 1]  # equal ones in the middle
    ranks = middle - np.searchsorted(owner, np.arange(size))[owner]  # from 1 on, puzzle by puzzle
    positive = np.bincount(owners, right, size)
    negative = np.bincount(owners, ~right, size)
    above = np.bincount(owner, ranks * right[order], size) - positive * (positive + 1) / 2
    pairs = positive * negative
    areas: np.ndarray = np.divide(above, pairs, out=np.full(size, np.nan), where=pairs > 0)
    return areas
