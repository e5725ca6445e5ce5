"""Options that several verbs share, and how their values are read."""

from __future__ import annotations

import typing
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from trmbench.config.values import parse_value
from trmbench.errors import TrmbenchError
from trmbench.plugin import registry
from trmbench.plugin.registry import Registry
from trmbench.spec import RunnerFlag, RunnerSpec

DEFAULT_RESULTS = "results"
Command = TypeVar("Command", bound=Callable[..., Any])


def complete_names(source: Callable[[], Registry]) -> Callable[..., list[str]]:
    """Shell completion with the names of a registry."""

    def complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
        names = [entry.spec.name for entry in source()]
        return [name for name in names if name.startswith(incomplete)]

    return complete


results_option = click.option(
    "--results",
    default=DEFAULT_RESULTS,
    metavar="DIR",
    help="The results folder, or its URL in an object store: s3://BUCKET/RESULTS.",
)
several_results_option = click.option(
    "--results",
    multiple=True,
    default=[DEFAULT_RESULTS],
    metavar="DIR",
    help="A results folder, its URL, or a bundle of `trmbench publish`. Repeatable: the rows of all"
    " are compared.",
)
results_argument = click.argument("results", default=DEFAULT_RESULTS, metavar="[RESULTS]")
models_option = click.option(
    "--model",
    "models",
    multiple=True,
    help="A model; repeatable.",
    shell_complete=complete_names(registry.models),
)
tasks_option = click.option(
    "--task",
    "tasks",
    multiple=True,
    help="A task; repeatable.",
    shell_complete=complete_names(registry.tasks),
)
runner_option = click.option(
    "--runner",
    "runner_name",
    default="local",
    help="What executes the trials.",
    shell_complete=complete_names(registry.runners),
)
max_parallel_option = click.option("--max-parallel", type=int, help="Trials side by side.")
time_budget_option = click.option(
    "--time-budget", type=float, metavar="SECONDS", help="Begin no further trial after this time."
)
fail_fast_option = click.option("--fail-fast", is_flag=True, help="Stop all when a trial fails.")
yes_option = click.option(
    "--yes", is_flag=True, help="Begin also what takes more than a day here, without being asked."
)
early_exit_option = click.option(
    "--early-exit",
    type=int,
    is_flag=False,
    flag_value=0,
    metavar="[K]",
    help="Test a puzzle no further once its state no longer changes; or, an approximation, once "
    "its answer was the same and its halting logit positive for K steps.",
)
set_option = click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Override a setting, such as train.steps=500. Repeatable.",
)


def parse_overrides(pairs: tuple[str, ...]) -> dict[str, Any]:
    """`("train.steps=5",)` as `{"train.steps": 5}`.

    Raises:
        TrmbenchError: a text without "=".
    """
    values = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals:
            raise TrmbenchError(f"--set {pair!r} is not KEY=VALUE", "such as --set train.steps=500")
        values[key.strip()] = parse_value(text.strip())
    return values


def runner_flags(command: Command) -> Command:
    """Add the options that the installed runners offer."""
    for name, offers in _flags().items():
        runners = " or ".join(spec.name for spec, _ in offers)
        spec, flag = offers[0]
        allowed = typing.get_type_hints(spec.options)[flag.key]
        kind = next(kind for kind in (int, float, str) if kind in typing.get_args(allowed))
        text = f"With --runner {runners}: {flag.help}"
        command = click.option(name, type=kind, help=text)(command)
    return command


def _flags() -> dict[str, list[tuple[RunnerSpec, RunnerFlag]]]:
    """The flags of the installed runners: each with the runners that have it."""
    found: dict[str, list[tuple[RunnerSpec, RunnerFlag]]] = {}
    for entry in registry.runners():
        for flag in entry.spec.flags:
            found.setdefault(flag.name, []).append((entry.spec, flag))
    return found


def given_to_runner(runner: RunnerSpec, given: Mapping[str, Any]) -> dict[str, Any]:
    """The dotted settings of the runner's flags.

    Args:
        runner: the runner asked for.
        given: the values by parameter, such as `gpus_per_trial`; None where not given.

    Raises:
        TrmbenchError: a flag of another runner.
    """
    settings = {}
    for name, offers in _flags().items():
        value = given.get(name.removeprefix("--").replace("-", "_"))
        if value is None:
            continue
        keys = [flag.key for spec, flag in offers if spec.name == runner.name]
        if not keys:
            others = " or ".join(f"--runner {spec.name}" for spec, _ in offers)
            raise TrmbenchError(f"the {runner.name} runner has no {name}", f"it goes with {others}")
        settings[f"runner.{keys[0]}"] = value
    return settings


def complete_studies(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[str]:
    """Shell completion with the names of the studies."""
    from trmbench.config.studies import study_names

    return [name for name in study_names() if name.startswith(incomplete)]
