"""What a plugin offers.

Specs are read when models are listed, so the module that defines one must stay light: `build`,
`load` and `create` import torch or numpy when they are called, not before.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

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
    for_task: Mapping[str, Preset] = field(default_factory=dict)
    """In a model's preset: what differs for the task of that name."""


@dataclass(frozen=True)
class NoOptions:
    """The options of a plugin that has none."""


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


@dataclass(frozen=True)
class BaseCell:
    """The cell that a model builds upon: the same task, data and seed, another model.

    What a file or the command line changed of `train.*` holds for it as well, and how it is trained
    is how the model that builds upon it is trained, unless that one's own preset says otherwise.
    """

    model: str
    preset: str | None = None
    """The preset of the model that builds upon it, unless named."""
    overrides: Mapping[str, Any] = field(default_factory=dict)
    """Dotted keys, as in `--set`."""


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
    base: Callable[[Any], BaseCell] | None = None
    options: type = NoOptions
    reference: ReferenceWeights | None = None
    """For `trmbench checkpoint`, where there is a public reference implementation."""


@dataclass(frozen=True)
class RunnerSpec:
    """A runner; `create` gets the `execution` section of the configuration."""

    name: str
    title: str
    create: Callable[[Mapping[str, Any]], Runner]
