"""The training of a model that brings a loop of its own: its data, its session, its weights."""

from __future__ import annotations

import itertools
import json
import math
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from trmbench.errors import TrmbenchError
from trmbench.machine import peak_memory
from trmbench.spec import Batch
from trmbench.spec.self_training import Weights
from trmbench.spec.settings import MOST_STEPS
from trmbench.store.checkpoints import RunningCheckpoints
from trmbench.store.final import FinalWeights
from trmbench.streams import stream_seed
from trmbench.training.data import Batches
from trmbench.training.loop import Stopped
from trmbench.training.pace import Pace
from trmbench.trial.build import TrialParts

LATE = 0.1
"""Share of `train.seconds` by which a training may take longer without a word."""
COLUMNS = ("loss", "exact_accuracy", "cell_accuracy", "learning_rate")
"""Figures with a column of their own in the learning curve; others are named losses."""


class Material:
    """The training puzzles of a trial."""

    def __init__(self, parts: TrialParts) -> None:
        self._parts = parts
        self.info = parts.task.info
        self.table = parts.task.split("train")
        self.validation = parts.task.split("validation")

    def batches(self, size: int, start: int = 0) -> Iterator[Batch]:
        """Yield augmented batches without end, from number `start` on."""
        parts = self._parts
        batch = Batches(self.table, size, parts.task.augment, parts.streams, parts.device)
        return map(batch, itertools.count(start))


class TrainingSession:
    """The session of one trial.

    Args:
        parts: its parts.
        running: its checkpoints.
        on_event: gets the fields of a `TrialEvent` as keywords, and the curve as `curve`.
        should_stop: asked by the model.
    """

    def __init__(
        self,
        parts: TrialParts,
        running: RunningCheckpoints,
        on_event: Callable[..., None],
        should_stop: Callable[[], bool],
    ) -> None:
        self.seed, self.device = parts.trial.seed, parts.device
        self.settings = settings = parts.train
        self.threads = settings.threads
        self.steps = parts.total_steps if settings.steps or settings.epochs else None
        self.step = 0
        self.stopped = False
        """True once the model was told to stop."""
        self.resumed_from: int | None = None
        self.curve: list[dict[str, Any]] = []
        self.flops: float | None = None
        """Operations of the training so far, where the model tells them."""
        self._running, self._on_event, self._should_stop = running, on_event, should_stop
        self._pace = Pace(0, parts.execution.checkpoint_every)
        self._started = time.monotonic()
        self._saved = running.load_latest()
        self._has_saved = self._saved is not None
        self._before = 0.0 if self._saved is None else float(self._saved[1]["seconds"])
        self.deadline = (
            None if settings.seconds is None else self._started + settings.seconds - self._before
        )

    @property
    def seconds(self) -> float:
        """Time of the training, interruptions apart."""
        return self._before + time.monotonic() - self._started

    @property
    def is_cut_short(self) -> bool:
        """True if the model was told to stop and has steps left."""
        return self.stopped and (self.steps is None or self.step < self.steps)

    @property
    def notes(self) -> Iterator[str]:
        """Yield what the user should know of the training that has ended."""
        if self._saved is not None and self.resumed_from is None:
            yield "it began its training again: it does not ask for its checkpoint"
        if self.is_cut_short and not self._has_saved:
            yield "it offered no checkpoint, so its training will begin again"
        over = time.monotonic() - (self.deadline or math.inf)
        if over > max(1.0, LATE * (self.settings.seconds or 0)):
            yield f"it trained for {over:.0f} s longer than train.seconds allows"

    def should_stop(self) -> bool:
        """True once the training is to be left."""
        self.stopped = self.stopped or self._should_stop()
        return self.stopped

    def checkpoint(self, step: int, state: Weights) -> None:
        """Write a checkpoint when the last one is old, or when asked to stop."""
        self._reach(step)
        self._pace.lap()
        if self.should_stop() or self._pace.is_time_to_save:
            self._pace.saved()
            told = {"curve": list(self.curve), "flops": self.flops, "names": list(state)}
            self._running.save(
                self.step, tensors(state), {"step": self.step, "seconds": self.seconds, **told}
            )
            self._has_saved = True

    def restore(self) -> tuple[int, dict[str, Tensor]] | None:
        """Return step and state of the last checkpoint, its parts in the order given."""
        if self._saved is None:
            return None
        state, values = self._saved
        self.step = self.resumed_from = values["step"]
        self.curve, self.flops = list(values["curve"]), values["flops"]
        self._pace = Pace(self.step, self._pace.save_every)
        return self.step, {name: state[name] for name in values.get("names", state)}

    def log(self, step: int, **figures: float) -> None:
        """Add a point to the learning curve, and tell of it."""
        self._reach(step)
        plain = {name: float(figure) for name, figure in figures.items()}
        if bad := [name for name, figure in plain.items() if not math.isfinite(figure)]:
            raise TrmbenchError(
                f"{bad[0]} is {plain[bad[0]]} at step {step:,}",
                "the training diverged; try a lower learning rate",
            )
        self.flops = plain.pop("flops", self.flops)
        known = {name: plain.pop(name) for name in COLUMNS if name in plain}
        further = {"losses": json.dumps(plain)} if plain else {}
        self.curve.append({"step": self.step, "seconds": self.seconds, **known, **further})
        self._pace.lap()
        if self._pace.is_time_to_tell:
            self._pace.told()
            self._on_event(
                step=self.step,
                total=self.steps or self.step,
                loss=known.get("loss"),
                accuracy=known.get("exact_accuracy"),
                steps_per_second=self._pace.rate(self.step),
                curve=self.curve,
            )

    def _reach(self, step: int) -> None:
        """Note the number of the training step.

        Raises:
            TrmbenchError: it is no whole number, or less than the one before.
        """
        if step != int(step) or not self.step <= step < MOST_STEPS:
            raise TrmbenchError(
                f"the number of its training step is {step}, after {self.step:,}",
                f"number the steps of fit by whole numbers that grow, below {MOST_STEPS:,}",
            )
        self.step = int(step)


def fit(
    parts: TrialParts,
    running: RunningCheckpoints,
    on_event: Callable[..., None],
    should_stop: Callable[[], bool],
    say: Callable[[str], None],
) -> tuple[FinalWeights, list[dict[str, Any]]]:
    """Have a model train itself; afterwards the trial's model is a new one, still untrained.

    Args:
        parts: the trial's parts.
        running: its checkpoints.
        on_event: gets the fields of a `TrialEvent` as keywords, and the curve as `curve`.
        should_stop: whether the training is to be left.
        say: gets one line of what the user should know.

    Returns:
        What was learned, and the learning curve.

    Raises:
        Stopped: it was asked to stop; its last checkpoint is written.
        TrmbenchError: its state is unfit, or a checkpoint cannot be written.
    """
    torch.manual_seed(stream_seed(parts.trial.seed, "fit"))
    session, data = TrainingSession(parts, running, on_event, should_stop), Material(parts)
    try:
        parts.model.fit(data, session)
    finally:
        running.wait()
    for note in session.notes:
        say(note)
    if session.is_cut_short:
        raise Stopped
    state = tensors(parts.model.state_dict())
    parts.renew_model()  # so that nothing is tested which is not stored
    trained = {
        "train_steps": session.step or None,  # it may tell of none
        "train_flops": session.flops,
        "train_seconds": session.seconds,
        "train_puzzles": len(data.table),
        "train_peak_memory_bytes": peak_memory(parts.device),
        "parameters": sum(part.numel() for part in state.values() if part.is_floating_point()),
    }
    if session.resumed_from is not None:
        trained["resumed_from_step"] = session.resumed_from
    return FinalWeights(state, {}, trained), session.curve


def tensors(state: Weights) -> dict[str, Tensor]:
    """Copy what a model keeps, as tensors on the CPU.

    Raises:
        TrmbenchError: it is something else, or no finite numbers.
    """
    if not isinstance(state, Mapping):
        raise TrmbenchError(f"its state is a {type(state).__name__}", "return tensors by name")
    return {name: _tensor(name, part) for name, part in state.items()}


def _tensor(name: str, part: object) -> Tensor:
    if not isinstance(part, Tensor | np.ndarray):
        raise TrmbenchError(
            f"{name!r} of its state is a {type(part).__name__}", "keep tensors or numpy arrays"
        )
    copy = torch.as_tensor(part).detach().to("cpu", copy=True).contiguous()
    if copy.is_floating_point() and not bool(copy.isfinite().all()):
        raise TrmbenchError(f"{name!r} of its state is not finite", "the training diverged")
    return copy
