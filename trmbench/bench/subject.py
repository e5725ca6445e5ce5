"""The subject of a measurement: a trial on a few generated puzzles of its task's shape."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trmbench.config.compose import compose
from trmbench.errors import TrmbenchError
from trmbench.plugin import registry
from trmbench.spec import Trial
from trmbench.trial.build import TrialParts, training_steps

SAMPLE = 16
"""Puzzles of each split: as many as a batch needs are taken from them, again and again."""


@dataclass(frozen=True)
class Subject:
    """A trial to be measured, and what it would be in full."""

    parts: TrialParts
    batch_size: int
    """The trial's own batch; `parts` may have a smaller one."""
    steps: int
    """Training steps of the whole trial."""

    @property
    def trial(self) -> Trial:
        """The trial, with a sample of its puzzles."""
        return self.parts.trial

    def with_batch(self, size: int) -> Subject:
        """Return the trial with another batch size in training and testing."""
        batch = {"batch_size": size}
        changed = _changed(self.trial, {"train": batch, "evaluation": batch})
        return dataclasses.replace(self, parts=TrialParts(changed))


def subject(
    model: str,
    task: str,
    preset: str,
    given: Mapping[str, Any],
    defaults: Mapping[str, Any],
) -> Subject:
    """Make the trial of a cell, seed 0.

    A task with a `TaskSpec.sample` generates its puzzles; any other, such as one whose puzzles come
    with a package, is loaded as it is.

    Args:
        model: name of a model that the harness trains.
        task: name of a task.
        preset: name of a preset.
        given: dotted settings of the user.
        defaults: dotted settings; the user's settings replace them.

    Raises:
        TrmbenchError: an unknown name or setting, or a model that is not trained by the harness.
    """
    model_spec = registry.models().find(model).spec
    task_spec = registry.tasks().find(task).spec
    if model_spec.base is not None:
        raise _not_trained(model)
    trial = compose(model_spec, task_spec, preset, defaults, given).trial(0, "results")
    found = sampled(trial)
    if not found.parts.needs_training:
        raise _not_trained(model)
    return found


def sampled(trial: Trial) -> Subject:
    """Make the same trial with a sample of its task's puzzles, where the task has one.

    Raises:
        TrmbenchError: the task has none, and its data cannot be loaded.
    """
    spec = registry.tasks().find(trial.task).spec
    sample = spec.sample_of(spec.options(**trial.config["task"]), SAMPLE)
    if sample is not None:
        trial = _changed(trial, {"task": dataclasses.asdict(sample.options)})
    parts = TrialParts(trial)
    puzzles = len(parts.task.split("train")) if sample is None else sample.train_puzzles
    return Subject(parts, parts.train.batch_size, training_steps(parts.train, puzzles))


def _changed(trial: Trial, sections: Mapping[str, Mapping[str, Any]]) -> Trial:
    config = {name: {**values, **sections.get(name, {})} for name, values in trial.config.items()}
    return dataclasses.replace(trial, config=config)


def _not_trained(model: str) -> TrmbenchError:
    return TrmbenchError(
        f"model {model!r} is not trained by the harness", "bench measures models that are"
    )
