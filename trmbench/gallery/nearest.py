"""The right answer to hold an answer against."""

from __future__ import annotations

import numpy as np

from trmbench.spec import IGNORED_LABEL, Task


def nearest_right(
    task: Task, question: np.ndarray, label: np.ndarray, answer: np.ndarray
) -> np.ndarray:
    """The right answer (L,) to hold an answer (L,) against: itself, if the task accepts it."""
    accepted = task.verify(question[None], answer[None])[0]
    return np.where(label != IGNORED_LABEL, answer, label) if accepted else label
