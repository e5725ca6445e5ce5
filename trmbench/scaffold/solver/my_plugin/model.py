"""The solver: B puzzles of L tokens."""

from __future__ import annotations

import torch

from my_plugin import Options
from trmbench import Answers, Batch, TaskInfo


class MyPlugin:
    """Answers with the question, some of its cells drawn at random: put your search here."""

    def __init__(self, options: Options, info: TaskInfo) -> None:
        self.changes = min(options.changes, info.seq_len)
        self.vocabulary = info.vocab_size

    def predict(self, batch: Batch, generator: torch.Generator) -> Answers:
        """Answer a batch; all randomness is the generator's, and each puzzle is answered alone."""
        answers = batch.inputs.clone()
        for row in range(len(answers)):
            seed = int(torch.randint(2**62, (), generator=generator, device=generator.device))
            own = torch.Generator().manual_seed(seed)
            cells = torch.randperm(answers.shape[1], generator=own)[: self.changes]
            drawn = torch.randint(self.vocabulary, (len(cells),), generator=own)
            answers[row, cells.to(answers.device)] = drawn.to(answers)
        confidence = torch.zeros(len(answers), device=answers.device)
        return Answers(tokens=answers, confidence=confidence)
