"""The training of one trial: its step, its figures, and what is saved of it."""

from __future__ import annotations

from collections.abc import Callable
from operator import itemgetter
from typing import Any

import torch
from torch import Tensor

from trmbench.errors import unknown
from trmbench.spec import Batch, RecursiveModel
from trmbench.spec.models import Schedule, State, no_schedule
from trmbench.spec.optimizers import OptimizerSpec
from trmbench.spec.settings import ExecutionSettings, TrainSettings
from trmbench.store.checkpoints import RunningCheckpoints
from trmbench.streams import Streams
from trmbench.training.compilation import compiled_and_compared
from trmbench.training.halting import Halting, tally
from trmbench.training.metrics import GRADIENT_NORM, NAMED_LOSS, RunningMetrics
from trmbench.training.optim import learning_rate_factor
from trmbench.training.selection import Selection
from trmbench.training.slot_draws import SlotDraws
from trmbench.training.step import TrainingStep
from trmbench.training.supervision import Slots, Supervised, begin, initial_slots
from trmbench.training.weights import module_of, network_weights
from trmbench.training.workers import ONE_WORKER, Workers


class Trainer:
    """Trains a recursive model; everything it holds can be saved and restored.

    Args:
        model: a `RecursiveModel`, on its device.
        batches: the batch of every step.
        total_steps: training steps in all.
        settings: the `train` section.
        execution: the `execution` section.
        optimizer: what trains the weights.
        streams: the trial's random streams.
        workers: who shares the batches; `batches` gives this worker's part of them.
        schedule: whole numbers for the model, by the share of the training that is done.
    """

    def __init__(
        self,
        model: RecursiveModel,
        batches: Callable[[int], Batch],
        total_steps: int,
        settings: TrainSettings,
        execution: ExecutionSettings,
        optimizer: OptimizerSpec,
        streams: Streams,
        workers: Workers = ONE_WORKER,
        schedule: Schedule = no_schedule,
    ) -> None:
        self.model = model
        self.module = module_of(model)
        self.workers = workers
        self.batches = batches
        self.total_steps = total_steps
        self.settings = settings
        self.execution = execution
        self.log_every = execution.log_every or max(1, min(100, total_steps // 20))
        self.weights = network_weights(model)
        self.device = next(self.module.parameters()).device
        self.schedule = schedule
        told = (total_steps, settings, execution, optimizer, workers, schedule)
        self._learn = TrainingStep([model], model, self.weights, *told)
        self.optimizer, self.ema = self._learn.optimizer, self._learn.ema
        self.halting = Halting(model, settings, streams, workers)
        self.metrics = RunningMetrics(self.device, bool(execution.compile))
        self._begin, self._tally = begin, tally
        if execution.compile:
            self._begin = compiled_and_compared(begin, self.device)
            self._tally = compiled_and_compared(tally, self.device)
        self.selection: Selection | None = None
        """Chooses the weights that are tested; None = the last ones are."""
        self.step = 0
        self.seconds = 0.0
        self.stacked_seeds = 1
        """The most seeds that were trained as one computation, this one included."""
        self.curve: list[dict[str, Any]] = []
        self.share = workers.share(settings.batch_size)
        self._draws = SlotDraws(model, streams.seed, settings, self.share)
        self.slots: Slots | None = None
        """The puzzles in work; None before the first step."""

    @property
    def initial_state(self) -> State:
        """The state in which the puzzles of this step begin."""
        return self._draws.initial_state(self.step)

    @property
    def keys(self) -> Tensor | None:
        """(B,) int64 keys of this step's random numbers, for a model that takes a `Step`."""
        return self._draws.keys(self.step) if self._learn.takes_step else None

    def train_step(self) -> None:
        """Take one supervision step of every slot and one weight update."""
        slots, done = self.begin(self.slots, self.batches(self.step), self.initial_state)
        found = self._learn(self.step, slots, done, self.keys)
        halted = self.take_in(slots, done, found)
        self.slots = Slots(slots.batch, found.output.state, done, halted)

    def begin(
        self, slots: Slots | None, fresh: Batch, initial_state: State
    ) -> tuple[Slots, Tensor]:
        """`trmbench.training.supervision.begin`, compiled where steps are."""
        if slots is None:  # once
            return begin(slots, fresh, initial_state)
        return self._begin(slots, fresh, initial_state)

    @torch.no_grad()
    def take_in(self, slots: Slots, done: Tensor, found: Supervised) -> Tensor:
        """Count a step that was taken; returns which slots halt (B,) bool."""
        output, loss = found.output, found.loss
        random = self.halting.draw(self.step, done)
        halted, of_halted = self._tally(self.halting.rule, slots.batch.labels, done, output, random)
        self.step += 1
        figures = {
            "loss": loss.total,
            "answer_loss": loss.answer,
            "halt_loss": loss.halt,
            **of_halted,
        }
        losses = output.losses or {}
        for name in self.settings.loss_weights.keys() - losses.keys():
            raise unknown("loss of the model (train.loss_weights):", name, losses)
        for name, further in losses.items():
            figures[f"{NAMED_LOSS}{name}"] = further.sum()
        norm = {} if found.gradient_norm is None else {GRADIENT_NORM: found.gradient_norm.sum()}
        self.metrics.add(self.step, {**self.workers.totals(figures), **norm})
        return halted

    @property
    def is_due_to_look(self) -> bool:
        """Whether these weights may be the ones to select."""
        return self.selection is not None and self.selection.is_due(self.step)

    def look(self) -> None:
        """Select these weights if they are the best so far."""
        if self.selection is not None and self.workers.leads:
            self.selection.look(self.step, self.module.state_dict(), self.ema.state_dict())

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
        """The fields of a `TrialEvent`, at so many steps per second, and the learning curve."""
        last = self.curve[-1] if self.curve else {}
        return {
            "step": self.step,
            "total": self.total_steps,
            "loss": last.get("loss"),
            "accuracy": last.get("exact_accuracy"),
            "steps_per_second": rate,
            "curve": self.curve,
        }

    # --- saving ---

    def save(self, checkpoints: RunningCheckpoints) -> None:
        """Have everything written that training goes on from: one file for all workers."""
        slots = self.slots or initial_slots(self.batches(self.step), self.initial_state)
        whole = slots.map(self.workers.gather)
        if not self.workers.leads:
            return
        tensors = {f"model/{name}": tensor for name, tensor in self.module.state_dict().items()}
        tensors |= {f"ema/{name}": tensor for name, tensor in self.ema.state_dict().items()}
        kept, numbers = self.optimizer.saved()
        tensors |= {f"optimizer/{name}": tensor for name, tensor in kept.items()}
        tensors |= {f"batch/{name}": t for name, t in whole.batch._asdict().items()}
        tensors |= {f"state/{index}": part for index, part in enumerate(whole.state)}
        tensors |= {"slots/steps": whole.steps, "slots/halted": whole.halted}
        values = {
            "step": self.step,
            "seconds": self.seconds,
            "stacked_seeds": self.stacked_seeds,
            "curve": list(self.curve),
            "metrics": self.metrics.state_dict(),
            "optimizer": numbers,
        }
        if self.selection is not None:
            selected, values["selected"] = self.selection.saved()
            tensors |= {f"selected/{name}": tensor for name, tensor in selected.items()}
        checkpoints.save(self.step, tensors, values)

    def restore(self, tensors: dict[str, Tensor], values: dict[str, Any]) -> None:
        """Go on from what `save` wrote, however many workers there were."""
        parts: dict[str, dict[str, Tensor]] = {}
        for name, tensor in tensors.items():
            part, _, rest = name.partition("/")
            # An optimiser moves its tensors by itself: some stay on the CPU, to be read at no cost.
            there = tensor if part == "optimizer" else tensor.to(self.device)
            parts.setdefault(part, {})[rest] = there
        self.module.load_state_dict(parts["model"])
        self.ema.load_state_dict(parts.get("ema", {}))
        self.optimizer.restore(parts.get("optimizer", {}), values.get("optimizer", {}))
        state = tuple(parts["state"][str(index)] for index in range(len(parts["state"])))
        whole = Slots(Batch(**parts["batch"]), state, **parts["slots"])
        self.slots = whole.map(itemgetter(self.share))
        self.step, self.seconds, self.curve = values["step"], values["seconds"], values["curve"]
        self.stacked_seeds = values.get("stacked_seeds", 1)
        self.metrics.load_state_dict(values["metrics"])
        if self.selection is not None and "selected" in values:
            self.selection.restore(parts.get("selected", {}), values["selected"])
