"""Puzzles as coloured characters, whatever the task: for the terminal, for HTML and for pictures.

A task renders a grid for rich; here it becomes characters with styles, which can be compared with
another drawing character by character, marked, and set in any medium.
"""

from __future__ import annotations

import html
import io
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from rich.color import Color
from rich.console import Console, RenderableType
from rich.style import Style
from rich.terminal_theme import DEFAULT_TERMINAL_THEME
from rich.text import Text

if TYPE_CHECKING:
    from PIL.Image import Image

Drawing = list[list[tuple[str, Style]]]
"""Lines of (character, style)."""

_WIDEST = 1000
_PLAIN = Style()
WRONG = Style(color="white", bgcolor="#b3261e", bold=True, dim=False)
CHANGED_WRONG = Style(color="black", bgcolor="#f2a33a", bold=True, underline=True)
CHANGED_RIGHT = Style(color="white", bgcolor="#2e7d32", bold=True, underline=True)
CHANGED = Style(color="white", bgcolor="#31618f", bold=True, underline=True)
LEGEND = (
    ("changed, now right", CHANGED_RIGHT),
    ("changed, still wrong", CHANGED_WRONG),
    ("wrong", WRONG),
)


def draw(picture: RenderableType) -> Drawing:
    """Turn what a task rendered into characters."""
    console = Console(
        file=io.StringIO(), width=_WIDEST, color_system="truecolor", legacy_windows=False
    )
    lines = console.render_lines(picture, pad=False)
    drawing = [[(sign, s.style or _PLAIN) for s in line for sign in s.text] for line in lines]
    while drawing and not drawing[-1]:
        drawing.pop()
    return drawing


def mark(drawing: Drawing, previous: Drawing | None, wanted: Drawing | None) -> Drawing:
    """Mark where the drawing differs from the previous one and from the wanted one."""
    marked = []
    for y, line in enumerate(drawing):
        signs = []
        for x, (sign, style) in enumerate(line):
            changed = previous is not None and _differs(drawing, previous, y, x)
            wrong = wanted is not None and _differs(drawing, wanted, y, x)
            added = _mark(changed, wrong, wanted is not None)
            # A full block would hide the mark behind it.
            signs.append(
                (("▒" if sign == "█" else sign), style + added) if added else (sign, style)
            )
        marked.append(signs)
    return marked


def _mark(changed: bool, wrong: bool, known: bool) -> Style | None:
    if changed:
        return CHANGED if not known else CHANGED_WRONG if wrong else CHANGED_RIGHT
    return WRONG if wrong else None


def _differs(drawing: Drawing, other: Drawing, y: int, x: int) -> bool:
    return y >= len(other) or x >= len(other[y]) or drawing[y][x] != other[y][x]


def to_text(drawing: Drawing) -> Text:
    """Make text for the terminal."""
    lines = [Text.assemble(*line) for line in drawing]
    return Text("\n", no_wrap=True).join(lines)


def to_html(drawing: Drawing) -> str:
    """Write the contents of a `<pre>` element, escaped; it has no colours but the drawing's."""
    return "\n".join("".join(_spans(line)) for line in drawing)


def _spans(line: list[tuple[str, Style]]) -> Iterator[str]:
    for style, signs in groupby(line, key=lambda item: item[1]):
        text = html.escape("".join(sign for sign, _ in signs))
        css = style.get_html_style(DEFAULT_TERMINAL_THEME)
        yield f'<span style="{html.escape(css)}">{text}</span>' if css else text


def to_image(drawing: Drawing, size: int = 16) -> Image:
    """Draw a picture on white.

    Args:
        drawing: the characters.
        size: height of a line in pixels.
    """
    from PIL import Image, ImageDraw, ImageFont

    width = size // 2 + 1
    columns = max((len(line) for line in drawing), default=1)
    image = Image.new("RGB", (columns * width, max(1, len(drawing)) * size), "white")
    canvas = ImageDraw.Draw(image)
    font = ImageFont.truetype(str(_font()), size - 3)
    for y, line in enumerate(drawing):
        for x, (sign, style) in enumerate(line):
            left, top = x * width, y * size
            box = (left, top, left + width - 1, top + size - 1)
            if style.bgcolor:
                canvas.rectangle(box, fill=_rgb(style.bgcolor))
            ink = _rgb(style.color) if style.color else (0, 0, 0)
            if sign == "█":
                canvas.rectangle(box, fill=ink)
            elif sign.strip():
                canvas.text((left, top), sign, fill=ink, font=font)
    return image


def _font() -> Path:
    """Find the monospaced font that matplotlib brings along."""
    import matplotlib

    return Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSansMono.ttf"


def _rgb(color: Color) -> tuple[int, int, int]:
    red, green, blue = color.get_truecolor(DEFAULT_TERMINAL_THEME)
    return red, green, blue
