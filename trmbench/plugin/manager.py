"""Find, load and isolate plugins.

pluggy's own entry-point loader stops at the first broken plugin and lets equal names replace each
other silently, so the loop is ours: a plugin that cannot be loaded is recorded and skipped.
"""

from __future__ import annotations

import importlib.metadata
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import pluggy

from trmbench.errors import one_line
from trmbench.plugin import hookspecs

ENTRY_POINT_GROUP = "trmbench"
DISABLE_VARIABLE = "TRMBENCH_DISABLE_PLUGINS"


@dataclass
class Plugin:
    """One entry point of the group `trmbench`, loaded or not."""

    name: str
    distribution: str
    version: str
    manager: pluggy.PluginManager | None = None
    """Holds this plugin alone."""
    problem: str | None = None
    """Why it cannot be used, in one line; None if it can."""

    @property
    def hooks(self) -> list[str]:
        """The names of the hooks it implements."""
        if self.manager is None:
            return []
        callers = self.manager.get_hookcallers(self.manager.get_plugin(self.name)) or []
        return sorted(caller.name for caller in callers)

    @property
    def status(self) -> str:
        """ "ok", "disabled" or "broken"."""
        if self.problem is None:
            return "ok"
        return "disabled" if self.problem == "disabled" else "broken"


@cache
def _origin(distribution: importlib.metadata.Distribution | None) -> tuple[str, str]:
    """Name and version of a distribution; each look at them reads its whole metadata file."""
    if distribution is None:
        return "unknown", "unknown"
    metadata = distribution.metadata
    return metadata["Name"], metadata["Version"]


class PluginManager:
    """The plugins of this environment, each called on its own so that one failure stays one."""

    def __init__(self, entry_points: Sequence[importlib.metadata.EntryPoint] | None = None) -> None:
        if entry_points is None:
            entry_points = sorted(
                importlib.metadata.entry_points(group=ENTRY_POINT_GROUP), key=lambda e: e.name
            )
        self.plugins: list[Plugin] = []
        disabled = {name for name in os.environ.get(DISABLE_VARIABLE, "").split(",") if name}
        for entry_point in entry_points:
            self._add(entry_point, disabled)

    def _add(self, entry_point: importlib.metadata.EntryPoint, disabled: set[str]) -> None:
        distribution, version = _origin(entry_point.dist)
        plugin = Plugin(entry_point.name, distribution, version)
        if plugin in self.plugins:  # the same distribution is visible twice on the path
            return
        self.plugins.append(plugin)
        if plugin.name in disabled:
            plugin.problem = "disabled"
            return
        try:
            plugin.manager = _checked_manager(plugin.name, entry_point.load())
        except (Exception, SystemExit) as error:  # whatever it raises must harm nobody else
            plugin.problem = one_line(error)

    def call(self, hook: str, **arguments: Any) -> list[tuple[Plugin, Any]]:
        """Call a hook of every usable plugin; one that raises is recorded as broken."""
        results = []
        for plugin in self.plugins:
            if plugin.problem is None and plugin.manager is not None:
                try:
                    results += [
                        (plugin, result)
                        for result in getattr(plugin.manager.hook, hook)(**arguments)
                    ]
                except (Exception, SystemExit) as error:  # as above
                    plugin.problem = f"{hook} raised {one_line(error)}"
        return results

    @property
    def broken(self) -> list[Plugin]:
        """The plugins that could not be loaded or raised."""
        return [plugin for plugin in self.plugins if plugin.status == "broken"]


def _checked_manager(name: str, module: Any) -> pluggy.PluginManager:
    """A manager with this plugin registered; raises if it implements no hook or a misspelt one."""
    manager = pluggy.PluginManager(ENTRY_POINT_GROUP)
    manager.add_hookspecs(hookspecs)
    manager.register(module, name=name)
    manager.check_pending()
    if not manager.get_hookcallers(module):
        raise LookupError("implements no hook: decorate its functions with trmbench.hookimpl")
    return manager


@cache
def plugin_manager() -> PluginManager:
    """The process's plugins, loaded once."""
    return PluginManager()
