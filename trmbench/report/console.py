"""A console that foreign text cannot steer."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from trmbench.errors import printable


class SafeConsole(Console):
    """A terminal that foreign text cannot steer: names and messages come from plugins and files.

    No text is read as markup or as the name of an emoji, and control characters are replaced.
    """

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, highlight=False, markup=False, emoji=False)

    def say(self, line: str, style: str = "") -> None:
        """Print a line of words: wrapped between words on a terminal, whole in a file or a pipe."""
        self.print(line, style=style, soft_wrap=not self.is_terminal)

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Render as rich does, in characters that stay where they are printed."""
        for segment in super().render(renderable, options):
            if segment.control:  # rich's own, which moves the cursor of a live display
                yield segment
            else:
                yield segment._replace(text=printable(segment.text))
