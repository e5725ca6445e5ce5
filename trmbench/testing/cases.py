"""The material of the checks of one spec: the spec, its task, its options, a few puzzles."""

from __future__ import annotations

import dataclasses
import tempfile
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from trmbench.config.bases import wanted_bases
from trmbench.config.cell import Cell
from trmbench.config.compose import compose
from trmbench.plugin import registry
from trmbench.spec import (
    BaseCell,
    Batch,
    Context,
    ModelSpec,
    Preset,
    PuzzleTable,
    RunnerSpec,
    SelfTraining,
    Solver,
    Task,
    TaskInfo,
    TaskSpec,
    Trial,
    Votes,
)
from trmbench.spec.models import SCHEDULE_AT_TEST
from trmbench.testing.running import toy_trial, visible_plugin

SEED = 7
PUZZLES = 4
"""Puzzles of a batch that a model is tried on."""
ROWS = 64
"""Puzzles of a split that augmentation and votes are tried on."""


def chosen_preset(spec: ModelSpec | TaskSpec, preset: str | None) -> str:
    """Choose the preset asked for, or "mini", or the first."""
    return preset or ("mini" if "mini" in spec.presets else next(iter(spec.presets), "mini"))


class TaskCase:
    """A task to check."""

    def __init__(self, spec: TaskSpec, preset: str | None) -> None:
        self.spec = spec
        self.preset = chosen_preset(spec, preset)

    @cached_property
    def chosen_options(self) -> Any:
        """The options of the preset; of a sample where it has no data, which a user gives."""
        options = self.spec.options(**self.spec.presets.get(self.preset, Preset()).options)
        if self.spec.sample is not None and self.spec.lacking and self.spec.lacking(options):
            return self.spec.sample(options, ROWS).options
        return options

    def load(self) -> Task:
        """Load the task again."""
        return self.spec.load(self.chosen_options)

    @cached_property
    def task(self) -> Task:
        """The task, loaded once."""
        return self.load()

    @cached_property
    def tables(self) -> dict[str, PuzzleTable]:
        """Its splits."""
        return {name: self.task.split(name) for name in ("train", "validation", "test")}

    def batch(self, split: str = "train") -> Batch:
        """Take the first puzzles of a split, as in training."""
        return as_batch(self.tables[split].select(slice(ROWS)))

    @cached_property
    def votes(self) -> Votes:
        """Four copies of each test puzzle."""
        return self.task.votes(4, 0)


def as_batch(table: PuzzleTable) -> Batch:
    """Make a batch on the CPU of the puzzles of a table."""
    return Batch(
        torch.from_numpy(table.inputs).long(),
        torch.from_numpy(table.labels).long(),
        torch.from_numpy(table.puzzle_identifiers).long(),
        torch.arange(len(table.inputs)),
    )


class ModelCase:
    """A model to check, on a task.

    Args:
        spec: the model.
        task: the task it is tried on.
        preset: the model's preset.
        base: what it builds upon, a tuple of several, or None to build that as well.
    """

    def __init__(self, spec: ModelSpec, task: TaskSpec, preset: str | None, base: Any) -> None:
        self.spec = spec
        self.task_spec = task
        self.preset = chosen_preset(spec, preset)
        self._base = base
        self._task_case = TaskCase(task, None)

    @property
    def task(self) -> Task:
        """The loaded task."""
        return self._task_case.task

    @cached_property
    def info(self) -> TaskInfo:
        """The loaded task's info."""
        return self.task.info

    def cell(self, preset: str) -> Cell:
        """Resolve the configuration with one of the model's presets."""
        values = self.task_spec.presets.get(self._task_case.preset, Preset())
        return compose(
            self.spec, dataclasses.replace(self.task_spec, presets={preset: values}), preset
        )

    @cached_property
    def options(self) -> Any:
        """The options of the preset that is tried in full."""
        return self.spec.options(**self.cell(self.preset).values["model"])

    @cached_property
    def bases(self) -> tuple[Any, ...]:
        """The models that this one builds upon, by default new and untrained ones."""
        if self._base is not None:
            return self._base if isinstance(self._base, tuple) else (self._base,)
        config = {"model": dataclasses.asdict(self.options)}
        return tuple(
            self._new_base(wanted, seed)
            for wanted in wanted_bases(self.spec, config)
            for seed in wanted.seeds_of(SEED)
        )

    def _new_base(self, wanted: BaseCell, seed: int) -> Any:
        spec = registry.models().find(wanted.model).spec
        model = ModelCase(spec, self.task_spec, wanted.preset, None).build(seed)
        return model.eval() if isinstance(model, torch.nn.Module) else model

    def build(self, seed: int = SEED) -> Any:
        """Build the model again, on the CPU."""
        context = Context(seed, torch.device("cpu"), bases=self.bases)
        torch.manual_seed(seed)
        model = self.spec.build(self.options, self.info, context)
        if self.spec.schedule is not None:
            setattr(model, SCHEDULE_AT_TEST, self.spec.schedule(self.options, 1.0))
        return model

    @cached_property
    def model(self) -> Any:
        """The model, built once."""
        return self.build()

    @property
    def is_solver(self) -> bool:
        """True if the harness does not train the model."""
        return isinstance(self.model, Solver)

    @property
    def trains_itself(self) -> bool:
        """True if the model brings a training loop of its own."""
        return isinstance(self.model, SelfTraining)

    @cached_property
    def batch(self) -> Batch:
        """A few training puzzles; the answers are for the loss only."""
        return as_batch(self._task_case.tables["train"].select(slice(PUZZLES)))

    @cached_property
    def other_batch(self) -> Batch:
        """The next PUZZLES training puzzles."""
        table = self._task_case.tables["train"]
        return as_batch(table.select(slice(PUZZLES, 2 * PUZZLES)))


class RunnerCase:
    """A runner to check: the toy plugin is visible while the case is open."""

    def __init__(self, spec: RunnerSpec) -> None:
        self.spec = spec
        self._stack = ExitStack()

    def __enter__(self) -> RunnerCase:
        self._stack.enter_context(visible_plugin("toy", "trmbench.testing.toy"))
        folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.results = Path(self._stack.enter_context(folder))
        return self

    def __exit__(self, *details: Any) -> None:
        self._stack.close()

    def trials(self, seeds: int, folder: str, **overrides: Any) -> list[Trial]:
        """Make toy trials that write into a folder of their own."""
        return [toy_trial(seed, self.results / folder, overrides) for seed in range(seeds)]

    def create(self, trial: Trial) -> Any:
        """Start the runner for such trials, at most two at a time."""
        execution = {**trial.config["execution"], "max_parallel": 2}
        return self.spec.start({**trial.config, "execution": execution})
