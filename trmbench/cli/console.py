"""The consoles that the verbs print to."""

from __future__ import annotations

from rich.console import Console

console = Console(highlight=False)
if not console.is_terminal:
    console.width = 120  # a file or a pipe has room; rich would assume 80 columns
errors = Console(stderr=True, highlight=False)


def warn(line: str) -> None:
    """One line about something that is not as it should be."""
    errors.print(f"trmbench: {line}", style="yellow", markup=False, soft_wrap=True)
