"""The fields of a section's dataclass: their types, ranges, names and defaults."""

from __future__ import annotations

import dataclasses
import typing
from functools import cache
from typing import Any, NamedTuple

from trmbench.config.values import allowed, checked
from trmbench.errors import TrmbenchError, shown
from trmbench.plugin import registry
from trmbench.plugin.registry import Registry
from trmbench.spec.ranges import Range, range_of
from trmbench.spec.settings import NAME_OF


class Option(NamedTuple):
    """A field of a section's dataclass."""

    field: dataclasses.Field[Any]
    expected: Any
    """Its type."""
    within: Range | None

    @property
    def names(self) -> Registry | None:
        """The registry whose names it may have, if any."""
        kind = self.field.metadata.get(NAME_OF)
        found: Registry | None = getattr(registry, kind)() if kind else None
        return found

    @property
    def allowed(self) -> str:
        """What it may be, in words."""
        if self.names is None:
            return allowed(self.expected, self.within)
        return " or ".join(repr(entry.spec.name) for entry in self.names)

    def checked(self, dotted: str, value: Any) -> Any:
        """The value in its expected type.

        Raises:
            TrmbenchError: it is of another type, out of its range, or an unknown name.
        """
        value = checked(dotted, value, self.expected, self.within)
        if self.names is not None:
            try:
                self.names.find(value)
            except TrmbenchError as error:
                raise TrmbenchError(
                    f"{dotted}={shown(value)}: {error.message}", error.hint
                ) from None
        return value

    def default(self, section: str) -> Any:
        """The value where nothing else is said.

        Raises:
            TrmbenchError: the dataclass has none.
        """
        if self.field.default is not dataclasses.MISSING:
            return self.field.default
        if self.field.default_factory is not dataclasses.MISSING:
            return self.field.default_factory()
        raise TrmbenchError(
            f"option {section}.{self.field.name} has no default",
            "options dataclasses need one per field",
        )


@cache
def options_of(schema: type) -> dict[str, Option]:
    """The fields of a section's dataclass by name."""
    types = typing.get_type_hints(schema)
    fields = dataclasses.fields(schema)
    return {field.name: Option(field, types[field.name], range_of(field)) for field in fields}
