"""The model and its training: B puzzles, L tokens, V tokens of the vocabulary."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from my_plugin import Options
from trmbench import Answers, Batch, Session, TaskInfo, TrainingData


class MyPlugin:
    """A linear classifier for each cell of the answer, which sees the whole question."""

    def __init__(self, options: Options, info: TaskInfo) -> None:
        self.learning_rate = options.learning_rate
        self.vocabulary = info.vocab_size
        self.weight = torch.zeros(info.seq_len * info.vocab_size, info.seq_len, info.vocab_size)

    def fit(self, data: TrainingData, session: Session) -> None:
        """Take `train.steps` steps, from the last checkpoint on."""
        first, last = 0, session.steps or 1_000
        if (restored := session.restore()) is not None:
            first, state = restored
            self.load_state_dict(state)
        batches = data.batches(session.settings.batch_size, start=first)
        for step in range(first + 1, last + 1):
            loss = self.learn(next(batches))
            if step % 50 == 0:
                session.log(step, loss=float(loss))
            session.checkpoint(step, self.state_dict())
            if session.should_stop():
                return

    def learn(self, batch: Batch) -> Tensor:
        """Take one step of gradient descent; returns the loss ()."""
        asked = (batch.labels != 0)[..., None]  # 0 is padding, and nothing is asked there
        error = self.probabilities(batch.inputs.cpu())
        labels = functional.one_hot(batch.labels.cpu(), self.vocabulary)
        loss = -(error.clamp_min(1e-9).log() * labels * asked.cpu()).sum() / asked.sum().cpu()
        error = (error - labels) * asked.cpu()
        x = self.features(batch.inputs.cpu())
        self.weight -= self.learning_rate * torch.einsum("bf,blv->flv", x, error) / len(x)
        return loss

    def features(self, inputs: Tensor) -> Tensor:
        """One-hot tokens (B, L V) of questions (B, L)."""
        return functional.one_hot(inputs, self.vocabulary).flatten(1).float()

    def probabilities(self, inputs: Tensor) -> Tensor:
        """(B, L, V) for questions (B, L)."""
        return torch.einsum("bf,flv->blv", self.features(inputs), self.weight).softmax(-1)

    def predict(self, batch: Batch, generator: torch.Generator) -> Answers:
        """Answer a batch."""
        best = self.probabilities(batch.inputs.cpu()).max(-1)
        device = batch.inputs.device
        return Answers(best.indices.to(device), best.values.amin(-1).to(device))

    def state_dict(self) -> Mapping[str, Tensor]:
        """All that was learned."""
        return {"weight": self.weight}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take over what was learned."""
        self.weight = state["weight"].clone()
