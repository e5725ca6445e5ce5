"""The contract of a model: what holds for all, then what holds for its kind."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import torch

from trmbench.config.bases import wanted_bases
from trmbench.errors import one_line
from trmbench.plugin import registry
from trmbench.spec import Context
from trmbench.testing import recursive_checks, self_training_checks, solver_checks
from trmbench.testing.cases import ModelCase
from trmbench.testing.conformance import Check, ConformanceError, require
from trmbench.testing.listing import require_light


def listing(case: ModelCase) -> None:
    """Listing imports nothing heavy."""
    require_light(case.spec.build, "models")


def presets(case: ModelCase) -> None:
    """Every preset resolves, and builds a model."""
    installed = {entry.spec.name: entry.spec for entry in registry.tasks()}
    for name, preset in case.spec.presets.items():
        for task in (case.task_spec.name, *preset.for_task):
            # A preset may want data that only the task itself has an option for.
            spec = installed.get(task) or dataclasses.replace(case.task_spec, name=task)
            try:
                cell = ModelCase(case.spec, spec, name, None).cell(name)
                if not wanted_bases(case.spec, cell.values):
                    _build_without_numbers(case, case.spec.options(**cell.values["model"]))
            except Exception as error:
                where = f"preset {name!r} for task {task!r}"
                raise ConformanceError(f"{where}: {one_line(error)}") from error


def _build_without_numbers(case: ModelCase, chosen: object) -> None:
    """Build as the harness does for its estimate: shapes only, whatever the size."""
    device = torch.device("meta")
    with device:
        case.spec.build(chosen, case.info, Context(0, device))


def protocol(case: ModelCase) -> None:
    """The model is a solver or a recursive model."""
    model = case.model
    kind = type(model).__name__
    if case.is_solver:
        require(callable(model.predict), f"{kind}.predict is not a method")
        require(
            case.trains_itself or not hasattr(model, "fit"),
            f"{kind} has fit, which nobody calls: a model that trains itself has fit, predict, "
            "state_dict and load_state_dict",
        )
        return
    # From Python 3.12 on, isinstance does not see an embedding that is a submodule of the model.
    names = ("max_steps", "puzzle_embedding", "initial_state", "forward")
    require(
        all(hasattr(model, name) for name in names),
        f"build returned a {kind}, which is neither a Solver (predict) nor SelfTraining (fit, "
        "predict, state_dict, load_state_dict) nor a RecursiveModel (max_steps, puzzle_embedding, "
        "initial_state, forward)",
    )
    require(isinstance(model, torch.nn.Module), f"{kind} is no torch.nn.Module")
    steps = model.max_steps
    require(
        isinstance(steps, int) and steps >= 1, f"max_steps is {steps!r}, not a whole number from 1"
    )


def seeded_build(case: ModelCase) -> None:
    """Building twice with one seed gives the same weights."""
    first, second = case.build(), case.build()
    if not isinstance(first, torch.nn.Module):
        return
    for name, tensor in first.state_dict().items():
        require(
            torch.equal(tensor, second.state_dict()[name]),
            f"{name} differs between two builds with one seed; draw it from torch's global "
            "generator, which is seeded before build",
        )


GENERAL = (
    Check(listing),
    Check(presets, vital=True),
    Check(protocol, vital=True),
    Check(seeded_build),
)


def of_kind(case: ModelCase) -> Sequence[Check]:
    """Choose the checks for a solver, a model that trains itself, or a recursive model."""
    if case.trains_itself:
        return self_training_checks.CHECKS
    return solver_checks.CHECKS if case.is_solver else recursive_checks.CHECKS
