"""A trial being executed in this process: train, test, record."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import torch
from torch import nn

from trmbench.evaluation.answers import RecursiveSolver
from trmbench.evaluation.early_exit import EarlyExitSolver
from trmbench.machine import device_name, peak_memory, reset_peak_memory
from trmbench.spec import Solver, Trial, TrialEvent, TrialResult
from trmbench.spec.status import CLAIMED
from trmbench.store import Store, checkpoints as checkpoint
from trmbench.store.checkpoints import RunningCheckpoints
from trmbench.store.claims import Claim, Claimed, claimed
from trmbench.store.final import FINAL
from trmbench.training.activations import activation_bytes
from trmbench.training.loop import Stopped, TrainingRun
from trmbench.training.trainer import Trainer
from trmbench.training.weights import weight_count
from trmbench.training.workers import ONE_WORKER, Workers
from trmbench.trial.build import TrialParts
from trmbench.trial.evaluate import evaluate
from trmbench.trial.outcome import Outcome
from trmbench.trial.provenance import environment

BASE_POLL_SECONDS = 1.0


class TrialRun:
    """A trial being executed in this process."""

    def __init__(
        self,
        trial: Trial,
        on_event: Callable[[TrialEvent], None],
        should_stop: Callable[[], bool],
        workers: Workers = ONE_WORKER,
    ) -> None:
        self.trial = trial
        self.workers = workers
        self.parts = TrialParts(trial, self._trained_base)
        self.store = Store(trial.results, self._say)
        self.folder = self.store.checkpoints(trial.trial_id)
        self.running = RunningCheckpoints(self.folder, self._say)
        self._on_event = on_event
        self._should_stop = should_stop
        self._row: dict[str, Any] = {"started_at": datetime.now(UTC)}
        self._imported: dict[str, str] | None = None

    def _event(self, phase: str, **fields: Any) -> None:
        self._on_event(TrialEvent(trial_id=self.trial.trial_id, phase=phase, **fields))

    def _say(self, line: str) -> None:
        self._event("train", step=0, total=0, message=line)

    # --- training ---

    def prepare(self) -> None:
        """Build what the trial consists of, and train the model if need be."""
        torch.set_num_threads(self.parts.train.threads)
        reset_peak_memory(self.parts.device)
        if self.parts.needs_training:
            self.train()

    def train(self) -> None:
        """Train the model, from its last checkpoint if there is one, or load its final weights."""
        trainer = self.begin_training()
        if trainer is not None:
            TrainingRun(trainer, self.training_event, self.running).train(self._should_stop)
            self.end_training(trainer)

    def begin_training(self) -> Trainer | None:
        """The trainer, at its last checkpoint if there is one; None if it is trained already."""
        model = self.parts.model
        self._measure(model)
        if self.workers.decide(self.is_trained):
            self._clear()  # a run that was killed just now may have left them
            self._load_final(model)
            return None
        trainer = self.parts.trainer(self.workers)
        self._resume(trainer)
        return trainer

    def end_training(self, trainer: Trainer) -> None:
        """Keep what was learned."""
        self._save_final(trainer)
        self._clear()

    def training_event(self, **fields: Any) -> None:
        """Tell of the training's progress, in fields of a `TrialEvent`."""
        self._event("train", **fields)

    def _resume(self, trainer: Trainer) -> None:
        """Go on from the last checkpoint that is intact, if there is one: the leader's choice."""
        saved = self.running.load_latest() if self.workers.leads else None
        step = self.workers.decide(None if saved is None else saved[1]["step"])
        if step is not None:
            trainer.restore(*(saved or self.running.load(step)))
            self._row["resumed_from_step"] = step

    def _clear(self) -> None:
        if self.workers.leads:
            self.running.clear()

    @property
    def is_trained(self) -> bool:
        """Whether the final weights are there."""
        return (self.folder / f"{FINAL}.json").exists()

    def _measure(self, model: Any) -> None:
        parts = self.parts
        embedding = model.puzzle_embedding
        self._row["parameters"] = weight_count(model)
        self._row["puzzle_embedding_parameters"] = (
            0 if embedding is None else embedding.weight.numel()
        )
        if parts.execution.activation_checkpointing:
            return  # what is kept then belongs to no operation, and cannot be counted
        share = self.workers.share(parts.train.batch_size)
        self._row["activation_bytes"] = activation_bytes(
            model,
            parts.execution.micro_batch or share.stop - share.start,
            parts.task.info.seq_len,
            parts.dtype,
            parts.train.loss,
        )

    def _save_final(self, trainer: Trainer) -> None:
        """The curve, then the final raw and averaged weights: these mark the training as done."""
        self._row |= {"train_steps": trainer.step, "train_seconds": trainer.seconds}
        self._row["train_puzzles"] = len(self.parts.task.split("train"))
        self._row["stacked_seeds"] = trainer.stacked_seeds
        tensors = {f"raw/{name}": tensor for name, tensor in trainer.module.state_dict().items()}
        tensors |= {f"ema/{name}": tensor for name, tensor in trainer.ema.state_dict().items()}
        if self.workers.leads:
            curve = [{"trial_id": self.trial.trial_id, **point} for point in trainer.curve]
            self.store.write("curves", self.trial.trial_id, curve)
            self._write_final(tensors)
        self._use_tested_weights(trainer.module, tensors)

    def _write_final(self, tensors: dict[str, torch.Tensor]) -> None:
        kept = (
            "train_steps",
            "train_seconds",
            "train_puzzles",
            "stacked_seeds",
            "resumed_from_step",
        )
        trained = {name: self._row[name] for name in kept if name in self._row}
        trained["train_peak_memory_bytes"] = peak_memory(self.parts.device)
        values = {"config": self.trial.config, "model": self.trial.model, "task": self.trial.task}
        checkpoint.save(self.folder, FINAL, tensors, {**values, "trained": trained})

    def _load_final(self, model: nn.Module) -> None:
        tensors, values = checkpoint.load(self.folder, FINAL)
        self._row |= values["trained"]
        self._imported = values.get("imported")
        model.load_state_dict(
            {name[4:]: tensor for name, tensor in tensors.items() if name.startswith("raw/")}
        )
        self._use_tested_weights(model, tensors)

    def _use_tested_weights(self, model: nn.Module, tensors: dict[str, torch.Tensor]) -> None:
        if self.parts.evaluation.weights == "ema":
            averages = {n[4:]: tensor for n, tensor in tensors.items() if n.startswith("ema/")}
            model.load_state_dict(averages, strict=False)

    def _trained_base(self, trial: Trial) -> Any:
        def as_ours(event: TrialEvent) -> None:  # of the base, the user has not heard
            self._on_event(dataclasses.replace(event, trial_id=self.trial.trial_id))

        base = TrialRun(trial, as_ours, self._should_stop, self.workers)
        if not self.workers.leads:
            base.train()
            return base.parts.model.eval()
        waiting_for = None
        while True:
            try:
                with claimed(self.trial.results, trial.trial_id):
                    base.train()
                    return base.parts.model.eval()
            except Claimed as other:  # it trains the same base: for another trial, or for itself
                if self._should_stop():
                    raise self.workers.first_failure(Stopped()) from None
                if other.holder != waiting_for:
                    waiting_for = other.holder
                    self._say(f"waits for {trial.label}: {other}")
                time.sleep(BASE_POLL_SECONDS)

    # --- testing and recording ---

    def test(self) -> None:
        """Answer and score the test puzzles, and write their rows."""
        solver = self._solver()
        self._row |= evaluate(
            self.parts,
            solver,
            self.store,
            lambda done, total: self._event("test", step=done, total=total),
        )

    def _solver(self) -> Solver:
        model = self.parts.model
        if not self.parts.needs_training:
            solver: Solver = model
            return solver
        evaluation, dtype = self.parts.evaluation, self.parts.dtype
        if evaluation.early_exit is None:
            return RecursiveSolver(model.eval(), evaluation.steps, dtype)
        return EarlyExitSolver(model.eval(), evaluation.steps, dtype, evaluation.early_exit)

    def conclude(self, outcome: Outcome, claim: Claim) -> TrialResult:
        """Record how it went, if the trial is still this process's."""
        trial_id = self.trial.trial_id
        if claim.lost:
            return TrialResult(trial_id, CLAIMED, "taken over while this process was suspended")
        self.record(outcome.status, outcome.error)
        return TrialResult(trial_id, outcome.status, outcome.error, outcome.trace)

    def record(self, status: str, error: str | None) -> None:
        """Write the trial's row, whatever became of it."""
        parts = self.parts
        row = {**self._row, "status": status, "error": error}
        peak = row.pop("train_peak_memory_bytes", 0)
        if "device" in vars(parts):
            row["device"] = device_name(parts.device)
            row["peak_memory_bytes"] = max(peak, peak_memory(parts.device))
        row["provenance"] = json.dumps(self._provenance(row.pop("stacked_seeds", 1)))
        self.store.write_trial(self.trial, row)

    def _provenance(self, stacked_seeds: int) -> dict[str, Any]:
        parts = self.parts
        plugins = {"model": parts.model_entry.plugin, "task": parts.task_entry.plugin}
        described: dict[str, Any] = {
            kind: {
                "plugin": plugin.name,
                "distribution": plugin.distribution,
                "version": plugin.version,
            }
            for kind, plugin in plugins.items()
        }
        if "task" in vars(parts):
            described["data"] = {
                "source": parts.task.info.source,
                "fingerprint": parts.task.info.fingerprint,
            }
        if stacked_seeds > 1:
            described["stacked_seeds"] = stacked_seeds
        if self._imported:
            described["imported"] = self._imported
        return {**environment(), "command": self.trial.command, **described}
