"""The consoles that the verbs print to."""

from __future__ import annotations

from trmbench.report.console import SafeConsole

console = SafeConsole()
if not console.is_terminal:
    console.width = 120  # a file or a pipe has room; rich would assume 80 columns
errors = SafeConsole(stderr=True)


def warn(line: str) -> None:
    """One line about something that is not as it should be."""
    errors.say(f"trmbench: {' '.join(line.split())}", style="yellow")
