"""The specs by which a plugin offers models, tasks and runners.

Specs are read when models are listed, so the module that defines one must stay light: `build`,
`load` and `create` import torch or numpy when they are called, not before.
"""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from torch import Tensor

    from trmbench.spec.models import Context, RecursiveModel
    from trmbench.spec.puzzles import Task, TaskInfo
    from trmbench.spec.trials import Runner


@dataclass(frozen=True)
class Preset:
    """A named set of values for a task's or a model's options and for the training protocol."""

    options: Mapping[str, Any] = field(default_factory=dict)
    """Values of the spec's own options (`task.*` or `model.*`)."""
    train: Mapping[str, Any] = field(default_factory=dict)
    """Values of `train.*`."""
    evaluation: Mapping[str, Any] = field(default_factory=dict)
    """Values of `evaluation.*`."""
    task: Mapping[str, Any] = field(default_factory=dict)
    """Values of `task.*` that a model's preset wants, as in `for_task`: data that it trains on."""
    of_models: str | None = None
    """Of a task's preset: the name of the preset that a model has for it, where it has none of the
    same name."""
    for_task: Mapping[str, Preset] = field(default_factory=dict)
    """Values of a model's preset that differ for the task of that name."""


@dataclass(frozen=True)
class NoOptions:
    """The options of a plugin that has none."""


class TaskSample(NamedTuple):
    """A few generated puzzles that stand for a task's own in a measurement."""

    options: Any
    """An instance of the spec's options: `load` makes the puzzles from it, without a download."""
    train_puzzles: int
    """Training puzzles of the task in full: the steps of its trials follow from them."""


@dataclass(frozen=True)
class TaskSpec:
    """A task that can be loaded.

    `options` is a frozen dataclass whose fields are the keys of `task.*`, with types and defaults;
    `load` gets an instance of it and raises `TrmbenchError` on bad data.
    """

    name: str
    title: str
    presets: Mapping[str, Preset]
    load: Callable[[Any], Task]
    revision: int = 1
    """Raise it whenever the same options give other puzzles or other scores."""
    options: type = NoOptions
    identifiers_option: str | None = None
    """The option that takes a file with the names of all puzzle identifiers, for weights that were
    trained on variants that others made; None = each identifier means the same everywhere."""
    lacking: Callable[[Any], Mapping[str, str]] | None = None
    """`lacking(options)`: by key, why the data of an option cannot be had on this machine. What
    only a preset wants is then left out, and `run` says so."""
    sample: Callable[[Any, int], TaskSample] | None = None
    """`sample(options, count)`: at most `count` puzzles per split in the shape that the options
    describe, made in a moment. None takes the method `benchmark_sample` of the options, which
    `PuzzleOptions` has; without one, a benchmark loads the task as it is."""

    member: Callable[[str], TaskSpec] | None = None
    """Of a family of tasks: `member(name)` is the one called `FAMILY:name`. Whether there is such a
    one may show when it is loaded."""
    fitted: Callable[[Any, str], Preset] | None = None
    """`fitted(options, preset)`: values that follow from the data of the options, such as
    `train.steps`. They win over what a model's preset says for every task, as far as the model has
    such options, and lose to what it says for this task."""
    content: Callable[[Any], Mapping[str, str]] | None = None
    """`content(options)`: by key, a digest of the user's files that an option names. It takes the
    place of their path in the cell's hash, so that trials on other data are another cell. None
    takes the method `content` of the options, which `PuzzleOptions` has."""

    def content_of(self, options: Any) -> dict[str, str]:
        """Return the digests of the user's files; empty where the options name none."""
        make = self.content or getattr(self.options, "content", None)
        return dict(make(options)) if make else {}

    def sample_of(self, options: Any, count: int) -> TaskSample | None:
        """Return the sample; None where the task has none."""
        make = self.sample or getattr(self.options, "benchmark_sample", None)
        found: TaskSample | None = make(options, count) if make else None
        return found


@dataclass(frozen=True)
class BaseCell:
    """A cell that a model builds upon: the same task and data, another model.

    The model that builds upon it has the data that its preset wants. What a file or the
    command line changed of `train.*` holds for it as well, and how it is trained is how the model
    that builds upon it is trained, unless that one's own preset says otherwise.
    """

    model: str
    preset: str | None = None
    """The preset of the model that builds upon it, unless named."""
    overrides: Mapping[str, Any] = field(default_factory=dict)
    """Dotted keys, as in `--set`."""
    trial: str | None = None
    """The full id of a trial of the results folder that has the weights, such as imported ones;
    None = the cell is trained."""
    seeds: int | Sequence[int] = 1
    """How many of its trainings: of n, seed s of the model that builds upon it has the seeds
    s n to s n + n - 1, which no other seed of it has. Or the seeds themselves, the same for all."""

    def seeds_of(self, seed: int) -> list[int]:
        """Return the seeds of the trainings that this seed of the model builds upon."""
        if isinstance(self.seeds, int):
            return list(range(seed * self.seeds, (seed + 1) * self.seeds))
        return list(self.seeds)


@dataclass(frozen=True)
class ReferenceWeights:
    """Exchange of weights with a model's public reference implementation, in its names.

    State dicts map names to tensors; `config` holds the reference's own settings.
    """

    load: Callable[[Mapping[str, Any], Mapping[str, Tensor]], RecursiveModel]
    """`load(config, state_dict)`: a model with these weights, in their dtype."""
    export: Callable[[Any], tuple[dict[str, Any], dict[str, Tensor]]]
    """`export(model) -> (config, state_dict)`, without prefixes."""
    describe: Callable[[Mapping[str, Tensor]], dict[str, Any]]
    """What the weights alone tell of the architecture, by option (`model.layers`) or in words."""

    @classmethod
    def of_module(cls, name: str) -> ReferenceWeights:
        """The `load_`, `export_` and `describe_reference` of a module, imported when used."""

        def function(verb: str) -> Callable[..., Any]:
            def call(*arguments: Any, **named: Any) -> Any:
                return getattr(importlib.import_module(name), f"{verb}_reference")(
                    *arguments, **named
                )

            return call

        return cls(function("load"), function("export"), function("describe"))


@dataclass(frozen=True)
class ModelSpec:
    """A model that can be built.

    `options` is a frozen dataclass whose fields are the keys of `model.*`; `build` gets an
    instance of it, the task's `TaskInfo` and a `Context`, and returns a `Solver` or a
    `RecursiveModel`. A model without presets serves every preset with its options' defaults.
    """

    name: str
    title: str
    presets: Mapping[str, Preset]
    build: Callable[[Any, TaskInfo, Context], Any]
    revision: int = 1
    """Raise it whenever the same options give other numbers."""
    base: Callable[[Any], BaseCell | Sequence[BaseCell]] | None = None
    """`base(options)`: the cell that the model builds upon, or several. The harness trains them or
    finds them trained, and `build` gets them as `context.bases`."""
    options: type = NoOptions
    headline: Mapping[str, str] = field(default_factory=dict)
    """By task, the figure that the model's paper reports, where it is another than the task's
    `primary_metric`: one of the totals of `Task.score`, such as "all_vote@2"."""
    schedule: Callable[[Any, float], Mapping[str, int]] | None = None
    """`schedule(options, progress)`: whole numbers such as {"T": 2, "n": 4}, which the model finds
    in `step.schedule`, by the share of the training that is done; 1 is what is tested."""
    reference: ReferenceWeights | None = None
    """The exchange that `trmbench checkpoint` uses; None = no public implementation."""


class RunnerFlag(NamedTuple):
    """An option of `trmbench run` that sets an option of a runner."""

    name: str
    """Such as "--gpus-per-trial"; runners may share a flag."""
    key: str
    """The field of the runner's options; a text or a number, or None."""
    help: str


@dataclass(frozen=True)
class RunnerSpec:
    """A runner that can be started.

    `create` gets the `execution` section of the configuration and, where the spec has options, an
    instance of them. `options` is a frozen dataclass whose fields are the keys of `runner.*`, which
    are recorded with each trial and never hashed.
    """

    name: str
    title: str
    create: Callable[..., Runner]
    options: type = NoOptions
    flags: Sequence[RunnerFlag] = ()
    former: Mapping[str, str] = field(default_factory=dict)
    """Options by the dotted settings that they were before, which keep working."""

    def named_today(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Dotted settings, with the runner's own by the names that they have today."""
        names = {old: f"runner.{key}" for old, key in self.former.items()}
        return {names.get(key, key): value for key, value in settings.items()}

    def start(self, config: Mapping[str, Mapping[str, Any]]) -> Runner:
        """Start the runner for trials of a configuration, which an older version may have made."""
        if self.options is NoOptions:
            return self.create(config["execution"])
        old = {f"execution.{key}": value for key, value in config["execution"].items()}
        settings = {
            **self.named_today(old),
            **{f"runner.{key}": value for key, value in config.get("runner", {}).items()},
        }
        names = [option.name for option in dataclasses.fields(self.options)]
        given = {name: settings[f"runner.{name}"] for name in names if f"runner.{name}" in settings}
        return self.create(config["execution"], self.options(**given))
