"""A model with a training loop of its own, which counts, and ways to break its contract."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count

import torch
from torch import Generator, Tensor

from trmbench import (
    Answers,
    Batch,
    Context,
    ModelSpec,
    Preset,
    Session,
    TaskInfo,
    TrainingData,
    hookimpl,
)


@dataclass(frozen=True)
class Options:
    broken: str = ""
    """What it does wrong."""


class Counter:
    """Counts which token follows from which at each place, with a little noise."""

    def __init__(self, options: Options, info: TaskInfo, seed: int) -> None:
        self.broken = options.broken
        self.counts = torch.zeros(info.seq_len, info.seq_len, info.vocab_size, info.vocab_size)
        self.steps = 0

    def fit(self, data: TrainingData, session: Session) -> None:
        if self.broken == "raises":
            raise RuntimeError("no convergence")
        restored = session.restore() if self.broken != "forgets" else None
        first = 0
        if restored is not None:
            first, state = restored
            self.load_state_dict(state)
        start = 0 if self.broken == "shows again" else first
        batches = data.batches(session.settings.batch_size, start)
        last = session.steps or 12
        forever = self.broken == "never ends"
        for step in count(first + 1) if forever else range(first + 1, last + 1):
            batch = next(batches)
            seed = torch.seed() if self.broken == "unseeded" else session.seed + step
            noise = torch.rand(self.counts.shape, generator=torch.Generator().manual_seed(seed))
            self._count(batch, noise)
            told = -step if self.broken == "counts back" else step
            session.log(told, loss=1 / step, seen=8 * step, flops=100.0 * step)
            if self.broken != "no checkpoint":
                session.checkpoint(step, self.state_dict())
            if self.broken == "slow":
                time.sleep(0.1)
            if step == last or session.should_stop():
                return

    def _count(self, batch: Batch, noise: Tensor) -> None:
        places = torch.arange(batch.inputs.shape[1])
        for given, answer in zip(batch.inputs, batch.labels, strict=True):
            self.counts[places[:, None], places, given, answer[:, None]] += 1
        self.counts += 1e-3 * noise
        self.steps += 1

    def predict(self, batch: Batch, generator: Generator) -> Answers:
        places = torch.arange(batch.inputs.shape[1])
        logs = (self.counts + 0.01).log() - (self.counts + 0.01).sum(-1, keepdim=True).log()
        said = torch.stack([logs[places, :, given].sum(0) for given in batch.inputs])
        best = said.softmax(-1).max(-1)
        return Answers(best.indices, best.values.mean(-1) / (2 if self.steps else 1))

    def state_dict(self) -> Mapping[str, Tensor]:
        if self.broken == "nan":
            return {"counts": self.counts / 0, "steps": torch.tensor(self.steps)}
        kept = {"counts": self.counts}
        return kept if self.broken == "keeps back" else {**kept, "steps": torch.tensor(self.steps)}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        self.counts = state["counts"].clone()
        self.steps = int(state.get("steps", 0))


class Half:
    """What an author has who forgot the state: it answers, and is never trained."""

    def __init__(self, whole: Counter) -> None:
        self.fit, self.predict = whole.fit, whole.predict


def build(options: Options, info: TaskInfo, context: Context) -> Counter | Half:
    whole = Counter(options, info, context.seed)
    return Half(whole) if options.broken == "half" else whole


SPEC = ModelSpec(
    name="counter",
    title="Counts",
    presets={"mini": Preset(train={"steps": 12, "batch_size": 8})},
    build=build,
    options=Options,
)


@hookimpl
def trmbench_models() -> Sequence[ModelSpec]:
    return [SPEC]
