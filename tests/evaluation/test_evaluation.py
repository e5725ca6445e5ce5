"""Answers to every puzzle of a table."""

from __future__ import annotations

import numpy as np
import torch
from torch import Generator

from trmbench import Answers, Batch, PuzzleTable
from trmbench.evaluation.answers import predict
from trmbench.streams import Streams


class CountsUp:
    """Answers with the question plus one after the first step and plus two after the second."""

    def predict(self, batch: Batch, generator: Generator) -> Answers:
        steps = torch.stack([batch.inputs + 1, batch.inputs + 2])
        return Answers(steps[-1], torch.zeros(len(batch.inputs)), steps)


def test_the_steps_are_joined_over_batches_or_left_out() -> None:
    tokens, names = np.arange(10, dtype=np.uint8).reshape(5, 2), np.array(list("abcde"))
    table = PuzzleTable(tokens, tokens, np.zeros(5, np.int32), names, names)
    device = torch.device("cpu")
    found = predict(CountsUp(), table, 2, Streams(0, device), device)
    assert found.tokens_by_step is not None
    assert np.array_equal(found.tokens_by_step, np.stack([tokens + 1, tokens + 2]))
    without = predict(CountsUp(), table, 2, Streams(0, device), device, by_step=False)
    assert without.tokens_by_step is None and np.array_equal(without.tokens, tokens + 2)
