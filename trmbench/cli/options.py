"""Options that several verbs share, and how their values are read."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import click

from trmbench.config.values import parse_value
from trmbench.errors import TrmbenchError
from trmbench.plugin import registry
from trmbench.plugin.registry import Registry

DEFAULT_RESULTS = "results"


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


def parse_seeds(text: str) -> list[int]:
    """Seeds as typed: `5` = 0..4, `0-4`, `3-3`, `0,2,7`.

    Raises:
        TrmbenchError: anything else.
    """
    text = text.strip()
    if re.fullmatch(r"\d+", text) and int(text) > 0:
        return list(range(int(text)))
    if (match := re.fullmatch(r"(\d+)-(\d+)", text)) and int(match[1]) <= int(match[2]):
        return list(range(int(match[1]), int(match[2]) + 1))
    if re.fullmatch(r"\d+(,\d+)+,?|\d+,", text):
        return sorted({int(part) for part in text.split(",") if part})
    raise TrmbenchError(
        f"--seeds {text!r} is not understood", "use 5 (seeds 0 to 4), 0-4, or 0,2,7"
    )


def complete_studies(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[str]:
    """Shell completion with the names of the studies."""
    from trmbench.config.studies import study_names

    return [name for name in study_names() if name.startswith(incomplete)]
