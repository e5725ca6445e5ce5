"""The training loop of one trial."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from trmbench.spec import Batch
from trmbench.spec.settings import ExecutionSettings, TrainSettings
from trmbench.store.checkpoints import RunningCheckpoints
from trmbench.streams import Streams
from trmbench.training.compilation import compiled
from trmbench.training.data import Batches
from trmbench.training.ema import ExponentialMovingAverage
from trmbench.training.losses import supervision_loss
from trmbench.training.metrics import RunningMetrics
from trmbench.training.micro_batch import detached, joined, parts
from trmbench.training.optim import build_optimizer, learning_rate_factor, sign_sgd_
from trmbench.training.supervision import (
    Halting,
    Slots,
    continue_target,
    correct,
    initial_slots,
    needs_continue_target,
    refill,
)
from trmbench.training.workers import SingleWorker

SECONDS_BETWEEN_EVENTS = 0.5
_GO, _SAVE, _STOP = range(3)
"""What a worker wants after a training step; the highest wish is everybody's order."""


class Stopped(Exception):
    """Training was asked to stop; its checkpoint is written."""


class Trainer:
    """Trains a recursive model; everything it holds can be saved and restored.

    Args:
        model: a `RecursiveModel`, on its device.
        batches: the batch of every step.
        total_steps: training steps in all.
        settings: the `train` section.
        execution: the `execution` section.
        streams: the trial's random streams.
        workers: who shares the batches; `batches` gives this worker's part of them.
    """

    def __init__(
        self,
        model: Any,
        batches: Batches,
        total_steps: int,
        settings: TrainSettings,
        execution: ExecutionSettings,
        streams: Streams,
        workers: SingleWorker | None = None,
    ) -> None:
        self.model = model
        self.workers = workers or SingleWorker()
        self.batches = batches
        self.total_steps = total_steps
        self.settings = settings
        self.execution = execution
        self.log_every = execution.log_every or max(1, min(100, total_steps // 20))
        self.device = next(model.parameters()).device
        self.dtype = getattr(torch, settings.precision)
        self.weights = network_weights(model)
        self.optimizer = build_optimizer(self.weights.values(), settings)
        self.ema = ExponentialMovingAverage(self.weights, settings.ema)
        self.halting = Halting(self.model, settings, streams, self.workers)
        self.metrics = RunningMetrics(self.device)
        self.step = 0
        self.seconds = 0.0
        self.stacked_seeds = 1
        """The most seeds that were trained as one computation, this one included."""
        self.curve: list[dict[str, Any]] = []
        self.share = self.workers.share(settings.batch_size)
        self.initial_state = self._state(self.share.stop - self.share.start)
        self.slots = initial_slots(batches(0), self.initial_state)
        self._forward_and_loss: Callable[..., Any] = self._supervise
        if execution.compile:
            self._forward_and_loss = compiled(self._supervise, self.device)

    def _state(self, batch_size: int) -> tuple[Tensor, ...]:
        return tuple(part.to(self.dtype) for part in self.model.initial_state(batch_size))

    # --- one step ---

    def train_step(self) -> None:
        """One supervision step of every slot and one weight update."""
        slots = refill(self.slots, self.batches(self.step), self.initial_state)
        done = slots.steps + 1
        rows = self._puzzle_rows(slots.batch)
        output, loss = self._forward_and_backward(slots, done, rows)
        self.workers.highest(_GO)  # all have got so far: nobody waits in vain for gradients
        factor = learning_rate_factor(self.step + 1, self.total_steps, self.settings)
        self._update_weights(factor, slots.batch, rows)
        halted = self.halting(self.step, done, output)
        self.record(slots, done, halted, output, loss)
        self.slots = Slots(slots.batch, output.state, done, halted)
        self.step += 1

    def _forward_and_backward(self, slots: Slots, done: Tensor, rows: Tensor) -> tuple[Any, Any]:
        """The output and the loss of the batch, whose gradients are added."""
        size = self.execution.micro_batch or len(done)
        figures = []
        for part in parts(slots, done, rows, size):
            output, loss = self._forward_and_loss(*part)
            (loss.total / self.settings.batch_size).backward()
            figures.append(detached(output, loss))
        return figures[0] if len(figures) == 1 else joined(figures)

    def _puzzle_rows(self, batch: Batch) -> Tensor:
        """The puzzle embeddings that get a gradient; the identifiers where there are none."""
        embedding = self.model.puzzle_embedding
        return (
            batch.puzzle_identifiers
            if embedding is None
            else embedding.gather(batch.puzzle_identifiers)
        )

    def _supervise(self, slots: Slots, done: Tensor, rows: Tensor) -> Any:
        """The forward pass and its loss: what `torch.compile` compiles."""
        with torch.autocast(self.device.type, self.dtype, enabled=self.dtype == torch.bfloat16):
            output = self.model(slots.state, slots.batch.inputs, rows)
            target = None
            if needs_continue_target(self.model):
                is_last = done >= self.model.max_steps
                target = continue_target(self.model, output, slots.batch, is_last)
        return output, supervision_loss(output, slots.batch.labels, target, kind=self.settings.loss)

    def _update_weights(self, factor: float, batch: Batch, rows: Tensor) -> None:
        weights = self.weights.values()
        self.workers.sum_(weight.grad for weight in weights if weight.grad is not None)
        for group in self.optimizer.param_groups:
            group["lr"] = self.settings.learning_rate * factor
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        if rows.grad is not None:
            sign_sgd_(
                self.model.puzzle_embedding.weight,
                self.workers.gather(batch.puzzle_identifiers),
                self.workers.gather(rows.grad),
                self.settings.puzzle_learning_rate * factor,
                self.settings.puzzle_weight_decay,
            )
        self.ema.update()

    @torch.no_grad()
    def record(self, slots: Slots, done: Tensor, halted: Tensor, output: Any, loss: Any) -> None:
        """Take one step's figures into the metrics."""
        exact, cells = correct(output.logits, slots.batch.labels)
        figures = {
            "loss": loss.total,
            "answer_loss": loss.answer,
            "halt_loss": loss.halt,
            "halted": halted.sum(),
            "exact": (exact & halted).sum(),
            "cells": torch.where(halted, cells, 0).sum(),
            "supervision_steps": torch.where(halted, done, 0).sum(),
        }
        self.metrics.add(self.step + 1, **self.workers.totals(figures))

    # --- the whole ---

    def run(
        self,
        on_event: Callable[..., None],
        should_stop: Callable[[], bool],
        checkpoints: RunningCheckpoints,
        until: int | None = None,
    ) -> None:
        """Train to the last step.

        Args:
            on_event: gets the fields of a `TrialEvent` as keywords.
            should_stop: asked after every step; any worker's suffices.
            checkpoints: where the running checkpoints go.
            until: the step to stop before; None = to the last.

        Raises:
            Stopped: `should_stop` said so; a checkpoint is written.
            TrmbenchError: the loss is no longer a number, or a checkpoint cannot be written.
        """
        try:
            last = self.total_steps if until is None else until
            self._train(on_event, should_stop, checkpoints, last)
        finally:
            checkpoints.wait()

    def _train(
        self,
        on_event: Callable[..., None],
        should_stop: Callable[[], bool],
        checkpoints: RunningCheckpoints,
        until: int,
    ) -> None:
        self.model.train()
        started = last_event = last_saved = time.monotonic()
        seconds_before, first_step = self.seconds, self.step
        while self.step < until:
            self.train_step()
            now = time.monotonic()
            self.seconds = seconds_before + now - started
            if self.step % self.log_every == 0 or self.step == self.total_steps:
                self.log()
            if now - last_event > SECONDS_BETWEEN_EVENTS or self.step == self.total_steps:
                last_event = now
                rate = (self.step - first_step) / max(now - started, 1e-9)
                on_event(**self.progress(rate))
            is_due = now - last_saved > self.execution.checkpoint_every
            order = self.workers.highest(_STOP if should_stop() else _SAVE if is_due else _GO)
            if order != _GO:
                last_saved = now
                self.save(checkpoints)
            if order == _STOP:
                raise Stopped

    def log(self) -> None:
        """One point of the learning curve; the only place that waits for the device."""
        figures = self.metrics.read(self.settings.batch_size)
        factor = learning_rate_factor(self.step, self.total_steps, self.settings)
        self.curve.append(
            {
                "step": self.step,
                "seconds": self.seconds,
                "learning_rate": self.settings.learning_rate * factor,
                **figures,
            }
        )

    def progress(self, rate: float) -> dict[str, Any]:
        """The fields of a `TrialEvent`, at so many steps per second."""
        last = self.curve[-1] if self.curve else {}
        return {
            "step": self.step,
            "total": self.total_steps,
            "loss": last.get("loss"),
            "accuracy": last.get("exact_accuracy"),
            "steps_per_second": rate,
        }

    # --- saving ---

    def save(self, checkpoints: RunningCheckpoints) -> None:
        """Have everything written that training goes on from: one file for all workers."""
        whole = self._whole_slots()
        if not self.workers.leads:
            return
        tensors = {f"model/{name}": tensor for name, tensor in self.model.state_dict().items()}
        tensors |= {f"ema/{name}": tensor for name, tensor in self.ema.state_dict().items()}
        for index, state in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer/{index}/{name}": tensor for name, tensor in state.items()}
        tensors |= {f"batch/{name}": t for name, t in whole.batch._asdict().items()}
        tensors |= {f"state/{index}": part for index, part in enumerate(whole.state)}
        tensors |= {"slots/steps": whole.steps, "slots/halted": whole.halted}
        values = {
            "step": self.step,
            "seconds": self.seconds,
            "stacked_seeds": self.stacked_seeds,
            "curve": list(self.curve),
            "metrics": self.metrics.state_dict(),
        }
        checkpoints.save(self.step, tensors, values)

    def _whole_slots(self) -> Slots:
        gather = self.workers.gather
        return Slots(
            Batch(*map(gather, self.slots.batch)),
            tuple(map(gather, self.slots.state)),
            gather(self.slots.steps),
            gather(self.slots.halted),
        )

    def restore(self, tensors: dict[str, Tensor], values: dict[str, Any]) -> None:
        """Go on from what `save` wrote, however many workers there were."""
        parts: dict[str, dict[str, Tensor]] = {}
        for name, tensor in tensors.items():
            part, _, rest = name.partition("/")
            parts.setdefault(part, {})[rest] = tensor.to(self.device)
        self.model.load_state_dict(parts["model"])
        self.ema.load_state_dict(parts.get("ema", {}))
        self.load_optimizer_state(_by_parameter(parts.get("optimizer", {})))
        self._restore_slots(parts["batch"], parts["state"], parts["slots"])
        self.step, self.seconds, self.curve = values["step"], values["seconds"], values["curve"]
        self.stacked_seeds = values.get("stacked_seeds", 1)
        self.metrics.load_state_dict(values["metrics"])

    def _restore_slots(
        self, batch: dict[str, Tensor], state: dict[str, Tensor], slots: dict[str, Tensor]
    ) -> None:
        share = self.share
        self.slots = Slots(
            Batch(**{name: tensor[share] for name, tensor in batch.items()}),
            tuple(state[str(index)][share] for index in range(len(state))),
            slots["steps"][share],
            slots["halted"][share],
        )

    def load_optimizer_state(self, states: Mapping[int, Mapping[str, Tensor]]) -> None:
        """Go on from the optimiser's state of each weight, by its place."""
        whole = self.optimizer.state_dict()
        self.optimizer.load_state_dict({**whole, "state": states})


def _by_parameter(tensors: Mapping[str, Tensor]) -> dict[int, dict[str, Tensor]]:
    states: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        index, _, key = name.partition("/")
        states.setdefault(int(index), {})[key] = tensor
    return states


def network_weights(model: nn.Module) -> dict[str, nn.Parameter]:
    """The weights the optimiser trains, by name; puzzle embeddings are trained apart."""
    return {name: weight for name, weight in model.named_parameters() if weight.requires_grad}


def weight_count(model: nn.Module) -> int:
    """Numbers in `network_weights`: the parameters of a model as rows tell them."""
    return sum(weight.numel() for weight in network_weights(model).values())
