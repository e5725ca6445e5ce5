"""Names to specs: the models, tasks, optimisers and runners that the plugins offer."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from trmbench.errors import TrmbenchError, unknown
from trmbench.plugin.built_in import OPTIMIZERS
from trmbench.plugin.manager import Plugin, PluginManager, plugin_manager
from trmbench.spec import ModelSpec, OptimizerSpec, RunnerSpec, TaskSpec

_CORE = Plugin("trmbench", "trmbench", "built in")
"""What offers the specs that come without an entry point."""


@dataclass(frozen=True)
class Entry:
    """A spec and the plugin it came from."""

    spec: Any
    plugin: Plugin

    @property
    def qualified_name(self) -> str:
        """`distribution:name`, which is never ambiguous."""
        return f"{self.plugin.distribution}:{self.spec.name}"


class Registry:
    """The specs of one kind, by name."""

    def __init__(
        self,
        kind: str,
        manager: PluginManager,
        spec_type: type,
        built_in: Sequence[Any] = (),
    ) -> None:
        self.kind = kind
        self.entries = [Entry(spec, _CORE) for spec in built_in]
        for plugin, specs in manager.call(f"trmbench_{kind}s"):
            listed = specs or ()
            wrong = (
                [spec for spec in listed if not isinstance(spec, spec_type)]
                if isinstance(listed, list | tuple)
                else [specs]
            )
            if wrong:
                wanted = f"a list of {spec_type.__name__}"
                plugin.problem = f"trmbench_{kind}s returned {wrong[0]!r} instead of {wanted}"
                continue
            for spec in listed:
                self._add(Entry(spec, plugin))

    def _add(self, entry: Entry) -> None:
        if any(entry.qualified_name == other.qualified_name for other in self.entries):
            entry.plugin.problem = f"offers the {self.kind} {entry.spec.name!r} a second time"
        else:
            self.entries.append(entry)

    def __iter__(self) -> Iterator[Entry]:
        return iter(sorted(self.entries, key=lambda entry: entry.spec.name))

    def find(self, name: str) -> Entry:
        """The entry of a name, of `distribution:name`, or of a member of a family.

        Raises:
            TrmbenchError: the name is unknown, or two distributions offer it.
        """
        found = [e for e in self.entries if name in (e.spec.name, e.qualified_name)]
        if not found and (member := self._member(name)):
            return member
        if not found:
            raise unknown(self.kind, name, {entry.spec.name for entry in self.entries})
        if len(found) > 1:
            choices = " and ".join(entry.qualified_name for entry in found)
            raise TrmbenchError(f"{self.kind} {name!r} is offered by {choices}", "name one of them")
        entry = found[0]
        if sum(other.spec.name == entry.spec.name for other in self.entries) > 1:
            # Its results must not be mixed up with its namesake's: it goes by its full name.
            return Entry(dataclasses.replace(entry.spec, name=entry.qualified_name), entry.plugin)
        return entry

    def _member(self, name: str) -> Entry | None:
        """Find the task of a family, such as `gym:chain_sum`."""
        family, _, member = name.rpartition(":")
        families = [entry for entry in self.entries if getattr(entry.spec, "member", None)]
        if not member or not any(family in (e.spec.name, e.qualified_name) for e in families):
            return None
        entry = self.find(family)
        spec = dataclasses.replace(entry.spec.member(member), name=f"{entry.spec.name}:{member}")
        return Entry(spec, entry.plugin)

    def own_name(self, name: str) -> str:
        """The name by which a plugin offers what `distribution:name` means."""
        for entry in self.entries:
            if name == entry.qualified_name or name.startswith(f"{entry.qualified_name}:"):
                return str(entry.spec.name + name.removeprefix(entry.qualified_name))
        return name


@cache
def models() -> Registry:
    """The models of this environment."""
    return Registry("model", plugin_manager(), ModelSpec)


@cache
def tasks() -> Registry:
    """The tasks of this environment."""
    return Registry("task", plugin_manager(), TaskSpec)


@cache
def optimizers() -> Registry:
    """The optimisers of this environment: trmbench's own and those of plugins."""
    return Registry("optimizer", plugin_manager(), OptimizerSpec, OPTIMIZERS)


@cache
def runners() -> Registry:
    """The runners of this environment."""
    return Registry("runner", plugin_manager(), RunnerSpec)
