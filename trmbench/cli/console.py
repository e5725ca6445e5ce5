"""Where the verbs print."""

from __future__ import annotations

from rich.console import Console

console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)


def warn(line: str) -> None:
    """One line about something that is not as it should be."""
    errors.print(f"trmbench: {line}", style="yellow", markup=False, soft_wrap=True)
