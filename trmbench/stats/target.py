"""Whether a mean over seeds meets a target that was fixed beforehand."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import stats


def p_below(means: NDArray[np.float64], target: float) -> float:
    """Return the p-value of a mean at most as high as the target: one-sided, Student's t.

    Args:
        means: (K,) the mean score of each seed.
        target: the score that the mean of all seeds, also of those not run, is to exceed.

    Returns:
        The p-value; 1 for fewer than two seeds, which say nothing of others. Seeds that are all
        equal count as certain: 0 above the target, else 1.
    """
    if len(means) < 2:
        return 1.0
    if np.ptp(means) == 0.0:
        return 0.0 if means[0] > target else 1.0
    found = stats.ttest_1samp(means, target, alternative="greater")
    return float(found.pvalue)
