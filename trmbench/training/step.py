"""One training step: one supervision step of every slot, then one update of the weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypedDict

import torch
from torch import Tensor

from trmbench.spec import RecursiveModel
from trmbench.spec.models import Forward, Schedule, capabilities, in_precision, no_schedule, takes
from trmbench.spec.optimizers import OptimizerSpec
from trmbench.spec.settings import ExecutionSettings, TrainSettings
from trmbench.training.compilation import compare_gradients, compiled
from trmbench.training.ema import ExponentialMovingAverage
from trmbench.training.losses import LossKind, supervision_loss
from trmbench.training.micro_batch import detached, joined, parts
from trmbench.training.optim import clip_, learning_rate_factor, sign_sgd_
from trmbench.training.optimizers import Optimizers
from trmbench.training.supervision import (
    Known,
    Slots,
    Supervised,
    continue_target,
    end_to_end,
)
from trmbench.training.workers import ONE_WORKER, Workers


class LossSettings(TypedDict):
    """The arguments of `supervision_loss` that the `train` section decides."""

    kind: LossKind
    weights: Mapping[str, float]
    puzzle_weights: Tensor | None
    label_smoothing: float


def loss_settings(settings: TrainSettings, slots: Slots) -> LossSettings:
    """How the losses of these slots are computed and weighed."""
    decay = settings.step_weights
    by_puzzle = None if decay == 1.0 else decay**slots.steps
    return {
        "kind": settings.loss,
        "weights": settings.loss_weights,
        "puzzle_weights": by_puzzle,
        "label_smoothing": settings.label_smoothing,
    }


class TrainingStep:
    """The step of one model, or of the models of several seeds whose slots are laid end to end.

    No weight serves two seeds, so the gradients of the summed loss are each seed's own.

    Args:
        models: of one cell; each trains its own puzzle embeddings.
        forward: the forward pass of all of them.
        weights: what the optimiser trains, by name; all on one device.
        total_steps: training steps in all.
        settings: the `train` section.
        execution: the `execution` section.
        optimizer: what trains the weights.
        workers: they share the batch of one model; a batch of several models is not shared.
        schedule: whole numbers for the model, by the share of the training that is done.
        stacked: whether the weights have a leading dimension, of the seeds.
    """

    def __init__(
        self,
        models: Sequence[RecursiveModel],
        forward: Forward,
        weights: Mapping[str, Tensor],
        total_steps: int,
        settings: TrainSettings,
        execution: ExecutionSettings,
        optimizer: OptimizerSpec,
        workers: Workers = ONE_WORKER,
        schedule: Schedule = no_schedule,
        stacked: bool = False,
    ) -> None:
        self.weights = weights
        self.optimizer = Optimizers(optimizer, weights, models[0], settings)
        self.ema = ExponentialMovingAverage(weights, settings.ema)
        self._forward = forward
        self._total_steps = total_steps
        self._settings = settings
        self._workers = workers
        self._schedule = schedule
        self._stacked = stacked
        self.takes_step = takes(models[0].forward, "step")
        """Whether the models are told more than the state and the puzzles."""
        self._micro_batch = execution.micro_batch if len(models) == 1 else None
        self._dtype: torch.dtype = getattr(torch, settings.precision)
        self._max_steps = models[0].max_steps
        self._needs_target = capabilities(models[0]).needs_continue_target
        tables = [model.puzzle_embedding for model in models]
        self._tables = [table for table in tables if table is not None]
        self._supervised = self._supervise
        self._unchecked = bool(execution.compile)
        self._has_graphs = execution.compile == "graphs"
        if execution.compile:
            device = next(iter(weights.values())).device
            self._supervised = compiled(self._supervise, device, self._has_graphs)

    def __call__(
        self, step: int, slots: Slots, done: Tensor, keys: Tensor | None = None
    ) -> Supervised:
        """Learn from one supervision step of every slot.

        Args:
            step: the training step (0-based).
            slots: the puzzles and their states before the supervision step.
            done: (B,) int64 supervision steps done, this one included.
            keys: (B,) int64 of the slots' random numbers, for models that take a `Step`.
        """
        known = None
        if keys is not None:
            share = step / self._total_steps
            progress = torch.full((), share, device=done.device)
            known = Known(keys, progress, self._schedule(share))
        identifiers = slots.batch.puzzle_identifiers
        rows = self._puzzle_rows(identifiers)
        found = self._forward_and_backward(slots, done, rows, known)
        self._workers.meet()  # nobody waits in vain for the gradients of one that failed
        factor = learning_rate_factor(step + 1, self._total_steps, self._settings)
        norms = self._update_weights(factor)
        if rows.grad is not None:
            self._update_tables(factor, identifiers, rows.grad)
        self.ema.update()
        return found._replace(gradient_norm=norms)

    def _puzzle_rows(self, identifiers: Tensor) -> Tensor:
        """The puzzle embeddings that get a gradient; the identifiers where there are none."""
        tables = self._tables
        if not tables:
            return identifiers
        own = zip(tables, identifiers.chunk(len(tables)), strict=True)
        rows = [table.gather(its_identifiers) for table, its_identifiers in own]
        return rows[0] if len(rows) == 1 else end_to_end(*rows).detach().requires_grad_()

    def _forward_and_backward(
        self, slots: Slots, done: Tensor, rows: Tensor, known: Known | None
    ) -> Supervised:
        """What the batch came to; its gradients are added up, part by part."""
        found = []
        for part in parts(slots, done, rows, known, self._micro_batch or len(done)):
            if self._unchecked:
                self._unchecked = False
                plain, fast = (
                    self._gradients(each, *part) for each in (self._supervise, self._supervised)
                )
                compare_gradients(plain, fast, self._dtype)
            supervised = self._supervised(*part)
            torch.autograd.backward(supervised.loss.total / self._settings.batch_size)
            found.append(detached(supervised, copied=self._has_graphs))
            if self._has_graphs and len(found) == 1 and len(part[1]) < len(done):
                self._keep_gradients()
        return joined(found)

    def _keep_gradients(self) -> None:
        """Copy the gradients of the first part, which the next part's would overwrite."""
        for weight in self.weights.values():
            if weight.grad is not None:
                weight.grad = weight.grad.clone()

    def _gradients(
        self,
        supervise: Callable[..., Supervised],
        slots: Slots,
        done: Tensor,
        rows: Tensor,
        known: Known | None,
    ) -> dict[str, Tensor | None]:
        """The gradients of a part of a batch by name; nothing is kept of them."""
        trained = dict(self.weights)
        if rows.requires_grad:
            trained["puzzle embeddings"] = rows
        total = supervise(slots, done, rows, known).loss.total
        found = torch.autograd.grad(total, list(trained.values()), allow_unused=True)
        return dict(zip(trained, found, strict=True))

    def _supervise(
        self, slots: Slots, done: Tensor, rows: Tensor, known: Known | None
    ) -> Supervised:
        """The forward pass and its loss: what `torch.compile` compiles."""
        dtype, inputs = self._dtype, slots.batch.inputs
        told = () if known is None else (known.step(slots),)
        with in_precision(done.device, dtype):
            output = self._forward(slots.state, inputs, rows, *told)
            target = None
            if self._needs_target:
                is_last = done >= self._max_steps
                further = (each._replace(number=done) for each in told)
                target = continue_target(
                    self._forward, output.state, inputs, rows.detach(), is_last, *further
                )
        labels = slots.batch.labels
        loss = supervision_loss(output, labels, target, **loss_settings(self._settings, slots))
        return Supervised(output, loss, target)

    def _update_weights(self, factor: float) -> Tensor | None:
        """Update the weights; returns the norms of the gradients if these are clipped."""
        found = (weight.grad for weight in self.weights.values())
        gradients = [gradient for gradient in found if gradient is not None]
        self._workers.sum_(gradients)
        norms = self._clip(gradients) if self._settings.clip else None
        self.optimizer.step(factor)
        return norms

    def _clip(self, gradients: list[Tensor]) -> Tensor:
        most = self._settings.clip
        if not self._stacked:
            return clip_(gradients, most)[None]
        seeds = range(len(gradients[0]))
        return torch.stack([clip_([each[seed] for each in gradients], most) for seed in seeds])

    def _update_tables(self, factor: float, identifiers: Tensor, gradients: Tensor) -> None:
        """Update each model's puzzle embeddings by its own part of the batch."""
        count, gather = len(self._tables), self._workers.gather
        own = zip(self._tables, identifiers.chunk(count), gradients.chunk(count), strict=True)
        for table, its_identifiers, its_gradients in own:
            sign_sgd_(
                table.weight,
                gather(its_identifiers),
                gather(its_gradients),
                self._settings.puzzle_learning_rate * factor,
                self._settings.puzzle_weight_decay,
            )
