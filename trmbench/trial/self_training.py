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
from trmbench.store.checkpoints import RunningCheckpoints
from trmbench.store.final import FinalWeights
from trmbench.streams import stream_seed
from trmbench.training.data import Batches
from trmbench.training.loop import Stopped
from trmbench.training.pace import Pace
from trmbench.trial.build import TrialParts

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
        on_event: gets the fields of a `TrialEvent` as keywords.
        should_stop: asked by the model.
    """

    def __init__(
        self,
        parts: TrialParts,
        running: RunningCheckpoints,
        on_event: Callable[..., None],
        should_stop: Callable[[], bool],
    ) -> None:
        self.seed, self.device, self.threads = parts.trial.seed, parts.device, parts.train.threads
        settings = parts.train
        self.steps = parts.total_steps if settings.steps or settings.epochs else None
        self.step = 0
        self.stopped = False
        """True once the model was told to stop."""
        self.resumed_from: int | None = None
        self.curve: list[dict[str, Any]] = []
        self._running, self._on_event, self._should_stop = running, on_event, should_stop
        self._pace = Pace(0, parts.execution.checkpoint_every)
        self._started = time.monotonic()
        self._saved = running.load_latest()
        self._before = 0.0 if self._saved is None else float(self._saved[1]["seconds"])
        self.deadline = (
            None if settings.seconds is None else self._started + settings.seconds - self._before
        )

    @property
    def seconds(self) -> float:
        """Time of the training, interruptions apart."""
        return self._before + time.monotonic() - self._started

    def should_stop(self) -> bool:
        """True once the training is to be left."""
        self.stopped = self.stopped or self._should_stop()
        return self.stopped

    def checkpoint(self, step: int, state: Weights) -> None:
        """Write a checkpoint when the last one is old, or when asked to stop."""
        self.step = step
        self._pace.lap()
        if self.should_stop() or self._pace.is_time_to_save:
            self._pace.saved()
            values = {"step": step, "seconds": self.seconds, "curve": list(self.curve)}
            self._running.save(step, tensors(state), values)

    def restore(self) -> tuple[int, dict[str, Tensor]] | None:
        """Return step and state of the last checkpoint."""
        if self._saved is None:
            return None
        state, values = self._saved
        self.step = self.resumed_from = values["step"]
        self.curve = list(values["curve"])
        self._pace = Pace(self.step, self._pace.save_every)
        return self.step, state

    def log(self, step: int, **figures: float) -> None:
        """Add a point to the learning curve, and tell of it."""
        self.step = step
        plain = {name: float(figure) for name, figure in figures.items()}
        if bad := [name for name, figure in plain.items() if not math.isfinite(figure)]:
            raise TrmbenchError(
                f"{bad[0]} is {plain[bad[0]]} at step {step:,}",
                "the training diverged; try a lower learning rate",
            )
        known = {name: plain.pop(name) for name in COLUMNS if name in plain}
        further = {"losses": json.dumps(plain)} if plain else {}
        self.curve.append({"step": step, "seconds": self.seconds, **known, **further})
        self._pace.lap()
        if self._pace.is_time_to_tell:
            self._pace.told()
            self._on_event(
                step=step,
                total=self.steps or step,
                loss=known.get("loss"),
                accuracy=known.get("exact_accuracy"),
                steps_per_second=self._pace.rate(step),
            )


def fit(
    parts: TrialParts,
    running: RunningCheckpoints,
    on_event: Callable[..., None],
    should_stop: Callable[[], bool],
) -> tuple[FinalWeights, list[dict[str, Any]]]:
    """Have a model train itself; afterwards the trial's model is a new one, still untrained.

    Args:
        parts: the trial's parts.
        running: its checkpoints.
        on_event: gets the fields of a `TrialEvent` as keywords.
        should_stop: whether the training is to be left.

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
    if session.stopped:
        raise Stopped
    state = tensors(parts.model.state_dict())
    parts.renew_model()  # so that nothing is tested which is not stored
    trained = {
        "train_steps": session.step,
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
