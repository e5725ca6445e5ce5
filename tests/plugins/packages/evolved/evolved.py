"""An evolutionary search with a loop of its own: a linear map that mutates, without gradients."""

from __future__ import annotations

import time
from dataclasses import dataclass

from trmbench import Answers, ModelSpec, Preset, hookimpl, setting


@dataclass(frozen=True)
class Options:
    mutation: float = setting(0.1, above=0)
    puzzles: int = setting(32, at_least=1)  # on which a child is judged


class Evolved:
    def __init__(self, options, info):
        self.options, self.info = options, info
        self.state = {}

    def fit(self, data, session):
        import numpy as np

        shape = (self.info.vocab_size, self.info.vocab_size)
        found = session.restore()
        first, state = found or (0, {"map": np.zeros(shape), "place": np.zeros(self.info.seq_len)})
        parent = {name: np.asarray(part) for name, part in state.items()}
        for step in range(first, session.steps):
            if session.should_stop() or time.monotonic() > (session.deadline or float("inf")):
                return
            random = np.random.default_rng([session.seed, step])  # nothing to save but the step
            chosen = random.integers(len(data.table), size=self.options.puzzles)
            table = data.table.select(chosen)
            child = {
                name: part + self.options.mutation * random.standard_normal(part.shape)
                for name, part in parent.items()
            }
            old, new = (self.accuracy(each, table) for each in (parent, child))
            parent = child if new >= old else parent
            session.log(step + 1, cell_accuracy=max(old, new))
            self.state = parent
            session.checkpoint(step + 1, parent)
        self.state = parent

    def accuracy(self, state, table):
        return float((self.scores(state, table.inputs).argmax(-1) == table.labels).mean())

    def scores(self, state, questions):
        import numpy as np

        return np.asarray(state["map"])[questions] + np.asarray(state["place"])[:, None]

    def predict(self, batch, generator):
        import torch

        scores = torch.from_numpy(self.scores(self.state, batch.inputs.cpu().numpy()))
        sure = scores.softmax(-1).amax(-1).mean(-1).float()
        return Answers(scores.argmax(-1).to(batch.inputs.device), sure.to(batch.inputs.device))

    def state_dict(self):
        return self.state

    def load_state_dict(self, state):
        self.state = dict(state)


def build(options, info, context):
    return Evolved(options, info)


@hookimpl
def trmbench_models():
    presets = {"mini": Preset(train={"steps": 500})}
    return [ModelSpec("evolved", "Mutations of a map", presets, build, options=Options)]
