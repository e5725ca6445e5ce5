"""`trmbench plugins`: which plugins there are, whether they work, whether they conform."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import click

from trmbench.errors import printable, unknown
from trmbench.plugin import registry
from trmbench.plugin.manager import Plugin, plugin_manager

if TYPE_CHECKING:
    from trmbench.testing import Finding

REGISTRIES = {
    "model": registry.models,
    "task": registry.tasks,
    "optimizer": registry.optimizers,
    "runner": registry.runners,
}


@click.group("plugins", short_help="List and check plugins.")
def command() -> None:
    """List and check plugins."""


@command.command("list")
def list_plugins() -> None:
    """List every plugin: distribution, version, hooks, and what is wrong with it."""
    from trmbench.cli.console import console
    from trmbench.report.fitted import table_of_names

    rows = []
    for plugin in examined_plugins():
        hooks = ", ".join(hook.removeprefix("trmbench_") for hook in plugin.hooks)
        told = (plugin.name, plugin.distribution, plugin.version, plugin.status)
        rows.append((*told, plugin.problem or hooks))
    headings = ("plugin", "distribution", "version", "status", "hooks or problem")
    console.print(table_of_names("", headings, rows))


def examined_plugins() -> list[Plugin]:
    """Every plugin, after it was asked for all that it offers: whatever raises shows as broken."""
    for kind in REGISTRIES.values():
        kind()
    plugin_manager().call("trmbench_commands", cli=click.Group())
    return plugin_manager().plugins


@command.command("check")
@click.argument("name")
@click.option("--task", help="The task that its models are tried on.", show_default="a toy")
def check(name: str, task: str | None) -> int:
    """Check everything that the plugin or distribution NAME offers against its contract.

    Exit code 1 when something does not conform.
    """
    plugins = examined_plugins()
    chosen = [plugin for plugin in plugins if name in (plugin.name, plugin.distribution)]
    if not chosen:
        names = {plugin.name for plugin in plugins} | {plugin.distribution for plugin in plugins}
        raise unknown("plugin", name, names)
    bad = 0
    for plugin in chosen:
        if plugin.problem:
            click.echo(printable(f"{plugin.name}: {plugin.problem}"))
            bad += 1
        for offered, run in _checks(plugin, task):
            click.echo(printable(offered))
            for finding in run():
                click.echo(printable(f"  {finding.check:20} {finding.problem or 'ok'}"))
                bad += finding.problem is not None
    click.echo(f"{bad} problems" if bad else "All is well.")
    return 1 if bad else 0


def _checks(plugin: Plugin, task: str | None) -> Iterator[tuple[str, Callable[[], list[Finding]]]]:
    """List what a plugin offers, each with the check of it."""
    from trmbench.testing import conform

    on = {"task": registry.tasks().find(task).spec} if task else {}
    checks: dict[str, Callable[..., list[Finding]]] = {
        "model": lambda spec: conform.check_model(spec, **on),
        "task": conform.check_task,
        "optimizer": conform.check_optimizer,
        "runner": conform.check_runner,
    }
    for kind, entries in REGISTRIES.items():
        for entry in list(entries()):
            if entry.plugin is plugin:
                spec = entry.spec
                if kind == "task" and (reason := conform.unavailable(spec)):
                    yield f"task {spec.name}: not checked, {reason}", list
                else:
                    yield f"{kind} {spec.name}", functools.partial(checks[kind], spec)
