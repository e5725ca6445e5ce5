"""Toy models and a toy task, as small as the contracts allow: a training takes seconds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trmbench.plugin.hookspecs import hookimpl
from trmbench.spec import Context, ModelSpec, Preset, Task, TaskInfo, TaskSpec
from trmbench.testing.toy_options import ToyModelOptions, ToyTaskOptions

TOY_TRAIN = {"steps": 20, "batch_size": 16, "learning_rate": 3e-3, "warmup_steps": 1}


def load_toy_task(options: ToyTaskOptions) -> Task:
    """Load the toy task: a row of letters and its mirror image."""
    from trmbench.testing.toy_task import load

    return load(options)


def build_toy_model(options: ToyModelOptions, info: TaskInfo, context: Context) -> Any:
    """Build a small recursive network."""
    from trmbench.testing.toy_model import ToyModel

    return ToyModel(options, info)


def build_toy_solver(options: Any, info: TaskInfo, context: Context) -> Any:
    """Build a solver that answers with the question, in no time."""
    from trmbench.testing.toy_model import Echo

    return Echo()


TOY_TASK = TaskSpec(
    name="toy-mirror",
    title="Toy: write a row of letters backwards",
    presets={"mini": Preset()},
    load=load_toy_task,
    options=ToyTaskOptions,
)
TOY_MODEL = ModelSpec(
    name="toy-recursive",
    title="Toy: a recursive network of one layer",
    presets={"mini": Preset(train=TOY_TRAIN)},
    build=build_toy_model,
    options=ToyModelOptions,
)
TOY_SOLVER = ModelSpec("toy-echo", "Toy: answer with the question", {}, build_toy_solver)


@hookimpl
def trmbench_models() -> Sequence[ModelSpec]:
    """Offer the toy models, where this module is made visible as a plugin."""
    return [TOY_MODEL, TOY_SOLVER]


@hookimpl
def trmbench_tasks() -> Sequence[TaskSpec]:
    """Offer the toy task, where this module is made visible as a plugin."""
    return [TOY_TASK]
