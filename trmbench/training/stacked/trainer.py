"""Several seeds of one cell trained as one batched computation.

The weights of S seeds are stacked and their batches laid end to end, so that every operation of
the network serves all seeds at once. What makes a seed what it is stays its own: the order of its
data, augmentation, halting, puzzle embeddings, learning curve and checkpoints are those of an
ordinary `Trainer` per seed, which can go on alone from any checkpoint written here.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter

import torch

from trmbench.spec import Batch
from trmbench.training.losses import supervision_loss
from trmbench.training.optimizers import stacked_states, states_of_seed
from trmbench.training.stacked.tensors import stacked, stacked_forward
from trmbench.training.step import TrainingStep, loss_settings
from trmbench.training.supervision import Slots, Supervised, end_to_end, map_output
from trmbench.training.trainer import Trainer


class StackedTrainer:
    """Trains the models of several trainers, which must be at the same step.

    Weights, averages, optimiser states and slots live here; `unstack` hands them back.

    Args:
        trainers: one per seed, of the same cell; micro-batches are not for them.

    Raises:
        TrmbenchError: their optimiser does not take the weights of several seeds at once.
    """

    def __init__(self, trainers: Sequence[Trainer]) -> None:
        first = trainers[0]
        first.optimizer.spec.require_elementwise()
        self.trainers = list(trainers)
        self.settings = first.settings
        size = self.settings.batch_size
        self.rows = [slice(seed * size, (seed + 1) * size) for seed in range(len(trainers))]
        self.weights = stacked([trainer.weights for trainer in trainers])
        for weight in self.weights.values():
            weight.requires_grad_()
        models = [trainer.model for trainer in trainers]
        forward = stacked_forward(models, self.weights)
        self._learn = TrainingStep(
            models,
            forward,
            self.weights,
            first.total_steps,
            self.settings,
            first.execution,
            first.optimizer.spec,
            schedule=first.schedule,
            stacked=True,
        )
        self.optimizer, self.ema = self._learn.optimizer, self._learn.ema
        self._stack_optimizer_state()
        self.ema.load_state_dict(stacked([trainer.ema.state_dict() for trainer in trainers]))
        begun = [trainer.slots for trainer in trainers if trainer.slots is not None]
        self.slots = begun[0].map(end_to_end, *begun[1:]) if begun else None
        for trainer in trainers:
            trainer.module.train()
            trainer.stacked_seeds = max(trainer.stacked_seeds, len(trainers))

    @property
    def step(self) -> int:
        """Training steps done."""
        return self.trainers[0].step

    def _stack_optimizer_state(self) -> None:
        optimizers = [trainer.optimizer for trainer in self.trainers]
        together = stacked_states(one.states() for one in optimizers)
        self.optimizer.load(together, optimizers[0].groups())

    def unstack(self) -> None:
        """Give every trainer its weights, averages, optimiser state, slots and step."""
        states, groups = self.optimizer.states(), self.optimizer.groups()
        averages = self.ema.state_dict()
        for seed, trainer in enumerate(self.trainers):
            with torch.no_grad():
                for name, weight in trainer.weights.items():
                    weight.copy_(self.weights[name][seed])
            trainer.ema.load_state_dict({name: all_[seed] for name, all_ in averages.items()})
            trainer.optimizer.load(states_of_seed(states, seed), groups)
            if self.slots is not None:
                trainer.slots = self.slots.map(itemgetter(self.rows[seed]))

    def train_step(self) -> None:
        """Take one supervision step of every slot and one weight update, of every seed."""
        batches = (trainer.batches(self.step) for trainer in self.trainers)
        fresh = Batch(*map(end_to_end, *batches))
        states = (trainer.initial_state for trainer in self.trainers)
        initial = tuple(map(end_to_end, *states))
        slots, done = self.trainers[0].begin(self.slots, fresh, initial)
        keys = [theirs for trainer in self.trainers if (theirs := trainer.keys) is not None]
        found = self._learn(self.step, slots, done, end_to_end(*keys) if keys else None)
        target, norms = found.target, found.gradient_norm
        halted = []
        for seed, (trainer, rows) in enumerate(zip(self.trainers, self.rows, strict=True)):
            own, its_output = itemgetter(rows), map_output(itemgetter(rows), found.output)
            its_slots = slots.map(own)
            loss = supervision_loss(
                its_output,
                its_slots.batch.labels,
                None if target is None else own(target),
                **loss_settings(self.settings, its_slots),
            )
            norm = None if norms is None else norms[seed : seed + 1]
            its = Supervised(its_output, loss, gradient_norm=norm)
            halted.append(trainer.take_in(its_slots, own(done), its))
        self.slots = Slots(slots.batch, found.output.state, done, end_to_end(*halted))
