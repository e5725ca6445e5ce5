"""Augmentation of a batch, and votes on test puzzles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from trmbench.evaluation.scoring import count_votes
from trmbench.spec import Batch, Predictions

BATCH = 768
TASKS = [("sudoku", "mini"), ("sudoku", "paper"), ("maze", "mini"), ("maze", "paper")]


@pytest.mark.parametrize(("task", "preset"), TASKS[:-1])  # as published, Maze is not augmented
def bench_augmentation(task: str, preset: str, parts: Callable[..., Any], benchmark: Any) -> None:
    loaded = parts("direct", task, preset).task
    table = loaded.split("train")
    rows = torch.arange(BATCH) % len(table)
    batch = Batch(
        torch.from_numpy(table.inputs)[rows].long(),
        torch.from_numpy(table.labels)[rows].long(),
        torch.from_numpy(table.puzzle_identifiers)[rows].long(),
        rows,
    )
    benchmark(loaded.augment, batch, torch.Generator().manual_seed(0))


@pytest.mark.parametrize(("task", "preset"), TASKS)
def bench_voting(task: str, preset: str, parts: Callable[..., Any], benchmark: Any) -> None:
    """32 votes on each of 16 puzzles: made, taken back to their puzzle's frame, counted."""
    loaded = parts("direct", task, preset).task
    table = loaded.split("test")

    def vote() -> None:
        votes = loaded.votes(32, seed=0)
        ballots = votes.table
        tokens = votes.restore(np.arange(len(ballots)), ballots.labels)
        confidence = np.ones(len(ballots), np.float32)
        count_votes(table, ballots, Predictions(tokens, confidence))

    benchmark(vote)
