"""The contract of a model that trains itself, by short trainings in a folder of their own."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from trmbench.spec import Answers, Batch, SelfTraining
from trmbench.store.checkpoints import RunningCheckpoints, saved_steps
from trmbench.store.final import FinalWeights
from trmbench.testing import solver_checks
from trmbench.testing.cases import SEED, ModelCase
from trmbench.testing.conformance import Check, require
from trmbench.training.loop import Stopped
from trmbench.trial.build import TrialParts
from trmbench.trial.self_training import fit

STEPS = 6
"""Training steps of a training that is tried."""
ASKED = 3
"""How often the model may ask whether to stop before it is told to."""
PATIENCE = 100
"""How often a model whose training is over may ask whether to stop."""


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        yield Path(folder) / "0123456789ab"


def _learned(
    model: SelfTraining, case: ModelCase, folder: Path, stop: Callable[[], bool] = lambda: False
) -> FinalWeights:
    """Train for a few steps; going on from a checkpoint in the folder, if there is one."""
    trial = case.cell(case.preset).trial(SEED, str(folder.parent))
    train = {**trial.config["train"], "steps": STEPS, "epochs": None}
    execution = {**trial.config["execution"], "device": "cpu", "checkpoint_every": 0.0}
    config = {**trial.config, "train": train, "execution": execution}
    parts = TrialParts(dataclasses.replace(trial, config=config), lambda base: None)
    vars(parts).update(model=model, task=case.task)  # both are built already
    running = RunningCheckpoints(folder, lambda line: None)
    final, _ = fit(parts, running, lambda **event: None, stop, lambda line: None)
    return final


def trains(case: ModelCase) -> None:
    """Training twice with one seed gives the same state, finite tensors by name."""
    with _folder() as one, _folder() as other:
        first, second = (_learned(case.build(), case, folder) for folder in (one, other))
    require(first.raw, "state_dict is empty after the training: what was learned would be lost")
    _require_same(first, second, "differs between two trainings with one seed")


def resumes(case: ModelCase) -> None:
    """A training that was stopped and goes on ends in the same state."""
    asked = iter(range(10**9))
    with _folder() as one, _folder() as other:
        whole = _learned(case.build(), case, one)
        try:
            _learned(case.build(), case, other, stop=lambda: next(asked) >= ASKED)
        except Stopped:
            was_saved = bool(saved_steps(other))
            resumed = _learned(case.build(), case, other)
            require(
                not was_saved or "resumed_from_step" in resumed.trained,
                "fit does not call session.restore(): an interruption costs the whole training",
            )
            _require_same(whole, resumed, "differs once the training was stopped and went on")


def ends(case: ModelCase) -> None:
    """A training that was killed after its last checkpoint ends in the same state."""
    asked = iter(range(10**9))
    with _folder() as folder:
        whole = _learned(case.build(), case, folder)
        if not saved_steps(folder):
            return
        again = _learned(case.build(), case, folder, stop=lambda: next(asked) > PATIENCE)
    require(
        next(asked) <= PATIENCE,
        "fit goes on for ever from the checkpoint of its last step: let it count its steps as "
        "`range(first, session.steps)` does",
    )
    _require_same(whole, again, "differs once the training was killed at its end and went on")


def state_round_trips(case: ModelCase) -> None:
    """A new instance with the stored state answers as the trained one does."""
    trained, copy = case.build(), case.build()
    with _folder() as folder:
        state = _learned(trained, case, folder).raw
    copy.load_state_dict(state)
    first, second = (_answer(model, case.batch) for model in (trained, copy))
    require(
        torch.equal(first.tokens, second.tokens)
        and torch.allclose(first.confidence, second.confidence, atol=1e-4),
        "a new instance with the stored state answers otherwise: the model keeps something that "
        "state_dict does not return",
    )
    case.model.load_state_dict(state)  # the checks of answers are of a trained model


def _answer(model: SelfTraining, batch: Batch) -> Answers:
    hidden = batch._replace(labels=torch.zeros_like(batch.labels))
    return model.predict(hidden, torch.Generator().manual_seed(SEED))


def _require_same(one: FinalWeights, other: FinalWeights, problem: str) -> None:
    require(one.raw.keys() == other.raw.keys(), f"the set of its names {problem}")
    for name, tensor in one.raw.items():
        require(torch.equal(tensor, other.raw[name]), f"{name} of state_dict {problem}")


CHECKS = (
    Check(trains, vital=True),
    Check(resumes),
    Check(ends),
    Check(state_round_trips, vital=True),
    *solver_checks.CHECKS,
)
