"""Several seeds of one cell trained as one batched computation.

The weights of S seeds are stacked and their batches laid end to end, so that every operation of
the network serves all seeds at once. What makes a seed what it is stays its own: the order of its
data, augmentation, halting, puzzle embeddings, learning curve and checkpoints are those of an
ordinary `Trainer` per seed, which can go on alone from any checkpoint written here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from trmbench.spec import Batch, StepOutput
from trmbench.training.compilation import compiled
from trmbench.training.ema import ExponentialMovingAverage
from trmbench.training.loop import Trainer
from trmbench.training.losses import supervision_loss
from trmbench.training.optim import build_optimizer, learning_rate_factor, sign_sgd_
from trmbench.training.stacked.tensors import (
    end_to_end,
    joined,
    output_of,
    slots_of,
    stacked,
    stacked_forward,
)
from trmbench.training.supervision import Slots, continue_target, needs_continue_target, refill


class StackedTrainer:
    """Trains the models of several trainers, which must be at the same step.

    Weights, averages, optimiser states and slots live here; `unstack` hands them back.

    Args:
        trainers: one per seed, of the same cell; micro-batches are not for them.
    """

    def __init__(self, trainers: Sequence[Trainer]) -> None:
        first = trainers[0]
        self.trainers = list(trainers)
        self.settings = first.settings
        self.step = first.step
        size = self.settings.batch_size
        self.rows = [slice(seed * size, (seed + 1) * size) for seed in range(len(trainers))]
        self.weights = stacked([trainer.weights for trainer in trainers])
        for weight in self.weights.values():
            weight.requires_grad_()
        self.optimizer = build_optimizer(self.weights.values(), self.settings)  # type: ignore[arg-type]
        self._stack_optimizer_state()
        self.ema = ExponentialMovingAverage(self.weights, self.settings.ema)  # type: ignore[arg-type]
        self.ema.load_state_dict(stacked([trainer.ema.state_dict() for trainer in trainers]))
        self.initial_state = end_to_end(trainer.initial_state for trainer in trainers)
        self.slots = joined([trainer.slots for trainer in trainers])
        self._forward = stacked_forward([trainer.model for trainer in trainers], self.weights)
        self._forward_and_loss: Callable[..., Any] = self._supervise
        if first.execution.compile:
            self._forward_and_loss = compiled(self._supervise, first.device)
        for trainer in trainers:
            trainer.model.train()
            trainer.stacked_seeds = max(trainer.stacked_seeds, len(trainers))

    def _stack_optimizer_state(self) -> None:
        states = [trainer.optimizer.state_dict()["state"] for trainer in self.trainers]
        together = {}
        for index in states[0]:
            together[index] = stacked([state[index] for state in states])
            together[index]["step"] = states[0][index]["step"].clone()  # a number, the same for all
        self.optimizer.load_state_dict({**self.optimizer.state_dict(), "state": together})

    def unstack(self) -> None:
        """Give every trainer its weights, averages, optimiser state, slots and step."""
        states = self.optimizer.state_dict()["state"]
        averages = self.ema.state_dict()
        for seed, trainer in enumerate(self.trainers):
            with torch.no_grad():
                for name, weight in trainer.weights.items():
                    weight.copy_(self.weights[name][seed])
            trainer.ema.load_state_dict({name: all_[seed] for name, all_ in averages.items()})
            trainer.load_optimizer_state(
                {
                    index: {name: _own(name, tensor, seed) for name, tensor in state.items()}
                    for index, state in states.items()
                }
            )
            trainer.slots = slots_of(self.slots, self.rows[seed])
            trainer.step = self.step

    # --- one step ---

    def train_step(self) -> None:
        """One supervision step of every slot and one weight update, of every seed."""
        fresh = Batch(*end_to_end(trainer.batches(self.step) for trainer in self.trainers))
        slots = refill(self.slots, fresh, self.initial_state)
        done = slots.steps + 1
        embeddings = self._puzzle_rows(slots.batch)
        output, loss, target = self._forward_and_loss(slots, done, embeddings)
        (loss.total / self.settings.batch_size).backward()
        self._update_weights(slots.batch, embeddings)
        halted = [
            self._halt_and_record(seed, slots, done, output, target)
            for seed in range(len(self.trainers))
        ]
        self.slots = Slots(slots.batch, output.state, done, torch.cat(halted))
        self.step += 1

    def _supervise(self, slots: Slots, done: Tensor, embeddings: Tensor) -> Any:
        """The forward pass and its loss, summed over the seeds: no weight serves two of them."""
        model, dtype = self.trainers[0].model, self.trainers[0].dtype
        with torch.autocast(embeddings.device.type, dtype, enabled=dtype == torch.bfloat16):
            output = self._forward(slots.state, slots.batch.inputs, embeddings)
            target = None
            if needs_continue_target(model):
                batch = slots.batch._replace(puzzle_identifiers=embeddings.detach())
                is_last = done >= model.max_steps
                target = continue_target(self._forward, output, batch, is_last)  # type: ignore[arg-type]
        loss = supervision_loss(output, slots.batch.labels, target, kind=self.settings.loss)
        return output, loss, target

    def _puzzle_rows(self, batch: Batch) -> Tensor:
        """The puzzle embeddings that get a gradient; the identifiers where there are none."""
        tables = [trainer.model.puzzle_embedding for trainer in self.trainers]
        identifiers = batch.puzzle_identifiers
        if tables[0] is None:
            return identifiers
        own = [table.gather(identifiers[r]) for table, r in zip(tables, self.rows, strict=True)]
        return torch.cat(own).detach().requires_grad_()

    def _update_weights(self, batch: Batch, embeddings: Tensor) -> None:
        factor = learning_rate_factor(self.step + 1, self.trainers[0].total_steps, self.settings)
        for group in self.optimizer.param_groups:
            group["lr"] = self.settings.learning_rate * factor
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        if embeddings.grad is not None:
            for trainer, rows in zip(self.trainers, self.rows, strict=True):
                sign_sgd_(
                    trainer.model.puzzle_embedding.weight,
                    batch.puzzle_identifiers[rows],
                    embeddings.grad[rows],
                    self.settings.puzzle_learning_rate * factor,
                    self.settings.puzzle_weight_decay,
                )
        self.ema.update()

    @torch.no_grad()
    def _halt_and_record(
        self, seed: int, slots: Slots, done: Tensor, output: StepOutput, target: Tensor | None
    ) -> Tensor:
        """Which slots of a seed halt (B,) bool, by its own random numbers; its metrics."""
        trainer, rows = self.trainers[seed], self.rows[seed]
        slots, done, output = slots_of(slots, rows), done[rows], output_of(output, rows)
        target = None if target is None else target[rows]
        loss = supervision_loss(output, slots.batch.labels, target, kind=self.settings.loss)
        halted = trainer.halting(self.step, done, output)
        trainer.record(slots, done, halted, output, loss)
        trainer.step = self.step + 1
        return halted


def _own(name: str, tensor: Tensor, seed: int) -> Tensor:
    return tensor.clone() if name == "step" else tensor[seed]
