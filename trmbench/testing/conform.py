"""The entry points of the conformance kit."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from trmbench.spec import ModelSpec, OptimizerSpec, RunnerSpec, TaskSpec
from trmbench.testing import model_checks, optimizer_checks, runner_checks, task_checks
from trmbench.testing.cases import ModelCase, RunnerCase, TaskCase
from trmbench.testing.conformance import Finding, findings, refuse_problems
from trmbench.testing.toy import TOY_TASK


def check_model(
    spec: ModelSpec,
    *,
    task: TaskSpec = TOY_TASK,
    preset: str | None = None,
    base: Any = None,
    skip: Collection[str] = (),
) -> list[Finding]:
    """Find what `assert_model_conforms` would report."""
    case = ModelCase(spec, task, preset, base)
    general = findings(model_checks.GENERAL, case, skip)
    if any(result.problem for result in general):
        return general
    return general + findings(model_checks.of_kind(case), case, skip)


def check_task(
    spec: TaskSpec, *, preset: str | None = None, skip: Collection[str] = ()
) -> list[Finding]:
    """Find what `assert_task_conforms` would report."""
    return findings(task_checks.CHECKS, TaskCase(spec, preset), skip)


def unavailable(spec: TaskSpec) -> str | None:
    """Tell why not even a sample of a task's puzzles can be had on this machine; None if it can."""
    lacks = spec.lacking(TaskCase(spec, None).chosen_options) if spec.lacking else {}
    return "; ".join(lacks.values()) or None


def check_optimizer(spec: OptimizerSpec, *, skip: Collection[str] = ()) -> list[Finding]:
    """Find what `assert_optimizer_conforms` would report."""
    return findings(optimizer_checks.CHECKS, spec, skip)


def check_runner(spec: RunnerSpec, *, skip: Collection[str] = ()) -> list[Finding]:
    """Find what `assert_runner_conforms` would report."""
    with RunnerCase(spec) as case:
        return findings(runner_checks.CHECKS, case, skip)


def assert_model_conforms(
    spec: ModelSpec,
    *,
    task: TaskSpec = TOY_TASK,
    preset: str | None = None,
    base: Any = None,
    skip: Collection[str] = (),
) -> None:
    """Check a model, neural or not, on CPU.

    Args:
        spec: the model.
        task: what it is tried on; its preset "mini", or its first, is loaded.
        preset: the model's preset that is tried in full (every preset is built); None = "mini",
            or the first.
        base: for a model that builds upon others: the trained one, or a tuple of several;
            None = new, untrained ones.
        skip: names of checks to leave out.

    Raises:
        ConformanceError: lists everything that is wrong.
    """
    results = check_model(spec, task=task, preset=preset, base=base, skip=skip)
    refuse_problems(f"model {spec.name!r}", results)


def assert_task_conforms(
    spec: TaskSpec, *, preset: str | None = None, skip: Collection[str] = ()
) -> None:
    """Check a task.

    Args:
        spec: the task.
        preset: the preset that is loaded; None = "mini", or the first.
        skip: names of checks to leave out.

    Raises:
        ConformanceError: lists everything that is wrong.
    """
    refuse_problems(f"task {spec.name!r}", check_task(spec, preset=preset, skip=skip))


def assert_optimizer_conforms(spec: OptimizerSpec, *, skip: Collection[str] = ()) -> None:
    """Check an optimiser with the weights of a toy network.

    Args:
        spec: the optimiser.
        skip: names of checks to leave out.

    Raises:
        ConformanceError: lists everything that is wrong.
    """
    refuse_problems(f"optimizer {spec.name!r}", check_optimizer(spec, skip=skip))


def assert_runner_conforms(spec: RunnerSpec, *, skip: Collection[str] = ()) -> None:
    """Check a runner with trials of a toy model on a toy task, real processes included.

    Args:
        spec: the runner.
        skip: names of checks to leave out.

    Raises:
        ConformanceError: lists everything that is wrong.
    """
    refuse_problems(f"runner {spec.name!r}", check_runner(spec, skip=skip))
