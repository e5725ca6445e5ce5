"""How well a score tells right answers from wrong ones."""

from __future__ import annotations

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
    _, place, count = np.unique(ranked, return_inverse=True, return_counts=True)
    positive = int(right.sum())
    negative = len(right) - positive
    if not positive or not negative:
        return None
    ranks = (np.cumsum(count) - (count - 1) / 2)[place]  # from 1 on, equal ones in the middle
    above = ranks[right].sum() - positive * (positive + 1) / 2
    return float(above / (positive * negative))
