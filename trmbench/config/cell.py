"""A resolved configuration and its canonical hash."""

from __future__ import annotations

import dataclasses
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from trmbench.spec import ModelSpec, TaskSpec, Trial
from trmbench.spec.ids import short_hash, trial_hash
from trmbench.spec.settings import NEVER_HASHED, UNHASHED_AT, EvaluationSettings, TrainSettings

HASHED_SECTIONS = ("task", "model", "train")
DATA = "data"
"""The section with digests of the user's files, by the option of `task.*` that names them."""


FILE, COMMAND_LINE = "file", "command line"


@dataclass(frozen=True)
class Setting:
    """A resolved value and its origin."""

    value: Any
    origin: str
    allowed: str = ""
    """The values that it may have, in words."""


@dataclass(frozen=True)
class Cell:
    """One (model, task, preset, overrides), resolved."""

    model: str
    task: str
    preset: str
    sections: Mapping[str, Mapping[str, Setting]]
    cell_id: str
    """Hash of what decides what is learned."""
    label: str | None = None
    """What a study calls it; for people, never hashed."""

    @property
    def values(self) -> dict[str, dict[str, Any]]:
        """The plain values, section by section."""
        return {
            section: {key: setting.value for key, setting in settings.items()}
            for section, settings in self.sections.items()
        }

    @property
    def overrides(self) -> dict[str, Any]:
        """The learned settings that a file or the command line changed, by dotted key."""
        return {
            f"{section}.{key}": setting.value
            for section in HASHED_SECTIONS
            for key, setting in self.sections[section].items()
            if setting.origin in (FILE, COMMAND_LINE)
        }

    @cached_property
    def evaluation_id(self) -> str:
        """Hash of how it is tested."""
        return evaluation_hash(self.values["evaluation"])

    def trial(self, seed: int, results: str) -> Trial:
        """The trial of this cell with a training seed, into a results folder."""
        return Trial(
            trial_id=trial_hash(self.cell_id, seed),
            cell_id=self.cell_id,
            evaluation_id=self.evaluation_id,
            model=self.model,
            task=self.task,
            preset=self.preset,
            seed=seed,
            config=self.values,
            overrides=self.overrides,
            results=results,
            cell_label=self.label,
            command=shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        )


def learned_hash(
    model: ModelSpec,
    task: TaskSpec,
    config: Mapping[str, Mapping[str, Any]],
    bases: Mapping[str, Any],
) -> str:
    """Hash of what decides what is learned: the `cell_id` of a configuration.

    Args:
        model: the model's spec.
        task: the task's spec.
        config: the values, section by section.
        bases: the cells that the model builds upon (`trmbench.config.bases.hashed`).
    """
    schemas = {"task": task.options, "model": model.options, "train": TrainSettings}
    learned = {section: _hashed(schema, config[section]) for section, schema in schemas.items()}
    learned["task"] |= config.get(DATA, {})  # what files hold, in place of their path
    revisions = {"model": model.revision, "task": task.revision}
    return short_hash([model.name, task.name, learned, {**revisions, **bases}])


def evaluation_hash(evaluation: Mapping[str, Any]) -> str:
    """Hash of how a trial is tested: its `evaluation_id`."""
    hashed = _hashed(EvaluationSettings, evaluation)
    if hashed.get("limit") is None:  # then there is no subset to choose
        hashed.pop("subset", None)
    return short_hash(hashed)


def _hashed(schema: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out the settings that change nothing: see `UNHASHED_AT` and `NEVER_HASHED`."""
    fields = dataclasses.fields(schema)
    later = {f.name: f.metadata[UNHASHED_AT] for f in fields if UNHASHED_AT in f.metadata}
    never = {f.name for f in fields if f.metadata.get(NEVER_HASHED)}
    return {
        key: value
        for key, value in values.items()
        if key not in never and (key not in later or value != later[key])
    }


def with_seed(trial: Trial, seed: int) -> Trial:
    """The same trial with another training seed, and none stacked with it."""
    own_id = trial_hash(trial.cell_id, seed)
    return dataclasses.replace(trial, trial_id=own_id, seed=seed, stacked=())


def apart(trial: Trial) -> list[Trial]:
    """A trial and the seeds stacked with it, as trials of their own."""
    others = [with_seed(trial, seed) for seed in trial.stacked]
    return [dataclasses.replace(trial, stacked=()), *others]
