"""A trial being executed in this process: train, then test."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from trmbench.config.data import is_undigested, require_same_puzzles
from trmbench.errors import TrmbenchError
from trmbench.machine import EnergyMeter, peak_memory, reset_peak_memory
from trmbench.spec import Trial, TrialEvent
from trmbench.store import Store
from trmbench.store.checkpoints import RunningCheckpoints
from trmbench.store.final import FinalWeights, has_final, load_final
from trmbench.training.loop import TrainingRun
from trmbench.training.selection import Selection
from trmbench.training.trainer import Trainer
from trmbench.training.workers import ONE_WORKER, Workers
from trmbench.trial.bases import when_free
from trmbench.trial.build import TrialParts
from trmbench.trial.cost import flops_of_training
from trmbench.trial.evaluate import tested_puzzles
from trmbench.trial.held_out import HeldOut, check_selection
from trmbench.trial.identifiers import check_unchanged
from trmbench.trial.live_curve import LiveCurve
from trmbench.trial.memory import fit_into_memory
from trmbench.trial.record import TrialRecord
from trmbench.trial.self_training import fit
from trmbench.trial.size import size_of
from trmbench.trial.testing import TrialTest

_OF_TRAINING = (
    "train_steps",
    "train_seconds",
    "train_puzzles",
    "stacked_seeds",
    "resumed_from_step",
    "train_peak_memory_bytes",
    "train_joules",
)
"""Figures that are stored with the final weights, for the rows of later evaluations."""


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
        self.record = TrialRecord(self.parts, self.store)
        self._meter: EnergyMeter | None = None
        self._final: FinalWeights | None = None
        self._live_curve = LiveCurve(self.store, trial.trial_id)

    def _event(self, phase: str, **fields: Any) -> None:
        if self._meter is not None:
            self._meter.update()
        self._on_event(TrialEvent(trial_id=self.trial.trial_id, phase=phase, **fields))

    def _say(self, line: str) -> None:
        self._on_event(TrialEvent.note(self.trial.trial_id, line))

    # --- training ---

    def prepare(self) -> None:
        """Build what the trial consists of, and train the model if need be."""
        torch.set_num_threads(self.parts.train.threads)
        self.begin()
        self.learn()

    def learn(self) -> None:
        """Train the model, unless it answers as it is."""
        if self.parts.needs_training:
            self.train()
        elif self.parts.trains_itself:
            self.fit()
        elif hasattr(self.parts.model, "fit"):
            self._say("it is tested as it was built: it has fit, but not all of SelfTraining")

    def begin(self) -> None:
        """Choose the device and load the task; the trial's row tells of both from here on.

        Raises:
            TrmbenchError: the task lacks the puzzles to test on.
        """
        self.record.device = self.parts.device
        reset_peak_memory(self.parts.device)
        info = self.parts.task.info
        if is_undigested(self.trial, self.parts.task_entry.spec):
            for row in self.store.trials([self.trial.name]):
                require_same_puzzles(row, info)
        self.record.data = info
        check_selection(self.parts)
        tested_puzzles(self.parts)  # refused before the training rather than after it

    def train(self) -> None:
        """Train the model, from its last checkpoint if there is one, or load its final weights."""
        trainer = self.begin_training()
        if trainer is not None:
            is_whole = trainer.step == 0 and self.workers.size == 1
            self._meter = EnergyMeter(self.parts.device) if is_whole else None
            TrainingRun(trainer, self.training_event, self.running).train(self._should_stop)
            self.end_training(trainer)

    def fit(self) -> None:
        """Have the model train itself, or load its final weights.

        Raises:
            Stopped: it was asked to stop; its last checkpoint is written.
            TrmbenchError: several processes were to train it, or its state is unfit.
        """
        if self.workers.size > 1:
            raise TrmbenchError(
                f"{self.trial.model} trains itself, in one process", "give it one GPU per trial"
            )
        if has_final(self.folder):
            self._clear()
            self._use(load_final(self.folder))
        else:
            if self.parts.execution.stack_seeds:
                self._say("it trains itself, so that its seeds are not stacked")
            told = (self.training_event, self._should_stop, self._say)
            self._keep(*fit(self.parts, self.running, *told))

    def begin_training(self) -> Trainer | None:
        """The trainer, at its last checkpoint if there is one; None if it is trained already."""
        model = self.parts.model
        is_trained = self.workers.decide(has_final(self.folder))
        if not is_trained:
            fit_into_memory(model, self.parts, self.workers, self._say)
        self.record.figures |= size_of(model, self.parts, self.workers, self._say)
        if is_trained:
            self._clear()  # a run that was killed just now may have left them
            self._use(load_final(self.folder))
            return None
        trainer = self.parts.trainer(self.workers)
        if self.parts.train.select == "validation":
            every = self.parts.train.evaluate_every
            trainer.selection = Selection(HeldOut(self.parts), every, trainer.total_steps)
        self._resume(trainer)
        return trainer

    def end_training(self, trainer: Trainer) -> None:
        """Keep the curve, then the final weights: these mark the training as done."""
        figures = self.record.figures
        figures |= {
            "train_steps": trainer.step,
            "train_seconds": trainer.seconds,
            "train_puzzles": len(self.parts.task.split("train")),
            "stacked_seeds": trainer.stacked_seeds,
            "train_peak_memory_bytes": peak_memory(self.parts.device),
        }
        if self._meter is not None:
            figures["train_joules"] = self._meter.joules
        trained = {name: figures[name] for name in _OF_TRAINING if name in figures}
        final = FinalWeights(trainer.module.state_dict(), trainer.ema.state_dict(), trained)
        chosen = trainer.selection
        if chosen is not None and chosen.step is not None:
            trained = {**trained, "selected_step": chosen.step}
            final = FinalWeights(chosen.raw, chosen.averages, trained, last=final)
        self._keep(final, trainer.curve)

    def _keep(self, final: FinalWeights, curve: Sequence[Mapping[str, Any]]) -> None:
        if self.workers.leads:
            self.store.write("curves", self.trial.trial_id, self._live_curve.rows(curve))
            final.save(self.folder, self.trial)
            if rest := self._live_curve.untold(curve):
                step = rest[-1]["step"]
                self._event("train", step=step, total=step, points=rest)
        self._use(final)
        self._clear()

    def training_event(self, curve: Sequence[Mapping[str, Any]] = (), **fields: Any) -> None:
        """Tell of the training's progress, in fields of a `TrialEvent`, and show its curve."""
        if self.workers.leads:
            self._live_curve.write(curve)
        self._event("train", **fields, points=self._live_curve.untold(curve))

    def _resume(self, trainer: Trainer) -> None:
        """Go on from the last checkpoint that is intact, if there is one: the leader's choice."""
        saved = self.running.load_latest() if self.workers.leads else None
        step = self.workers.decide(None if saved is None else saved[1]["step"])
        if step is not None:
            trainer.restore(*(saved or self.running.load(step)))
            self.record.figures["resumed_from_step"] = step

    def _clear(self) -> None:
        if self.workers.leads:
            self.running.clear()

    def _use(self, final: FinalWeights) -> None:
        """Have these weights tested and told of in the trial's row."""
        if final.imported is not None:
            check_unchanged(self.parts, final.imported)
        self.record.figures |= final.trained
        steps = final.trained.get("train_steps")
        if steps and self.parts.needs_training:
            self.record.figures |= {
                "train_flops": flops_of_training(self.parts, steps),
                "train_presentations": steps * self.parts.train.batch_size,
            }
        self.record.imported = final.imported
        self._final = final
        final.load_as_asked(self.parts.model, self.parts.evaluation)

    def _trained_base(self, trial: Trial) -> Any:
        def as_ours(event: TrialEvent) -> None:  # the user knows only the trial asked for
            self._on_event(dataclasses.replace(event, trial_id=self.trial.trial_id, points=()))

        base = TrialRun(trial, as_ours, self._should_stop, self.workers)
        self.record.bases[trial.trial_id] = base.record

        def trained() -> Any:
            base.learn()
            self.record.count_bases()
            model = base.parts.model
            return model.eval() if isinstance(model, torch.nn.Module) else model

        return when_free(trial, trained, self.workers, self._should_stop, self._say)

    # --- testing ---

    def test(self) -> None:
        """Write the rows of each test split, the one that counts last: a finished trial has all."""

        def tell(done: int, total: int) -> None:
            self._event("test", step=done, total=total)

        TrialTest(self.parts, self.store, self.record, tell).run(self._final)
