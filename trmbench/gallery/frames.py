"""Captioned drawings in columns: for the terminal, as HTML and as a picture."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.style import Style
from rich.text import Text

from trmbench.errors import TrmbenchError
from trmbench.gallery.drawing import Drawing, to_html, to_image, to_text
from trmbench.store.output import write_output

if TYPE_CHECKING:
    from PIL.Image import Image

GAP = 14
"""Pixels between drawings."""


@dataclass(frozen=True, eq=False)
class Frame:
    """Drawings that stand below each other."""

    caption: str
    drawings: Mapping[str, Drawing]
    """The drawings by name."""

    def html(self) -> tuple[str, dict[str, str]]:
        """The caption, still to be escaped, and the drawings' markup."""
        return self.caption, {name: to_html(drawing) for name, drawing in self.drawings.items()}


def columns(frames: Sequence[Frame]) -> RenderableType:
    """Put frames next to each other in the terminal, as many as fit."""
    return Columns([_column(frame) for frame in frames], padding=(1, 3))


def _column(frame: Frame) -> RenderableType:
    parts = [Text(frame.caption, "bold")] if frame.caption else []
    for name, drawing in frame.drawings.items():
        parts += [*([Text(name, "dim")] if name else []), to_text(drawing)]
    return Group(*parts)


def picture(rows: Sequence[Sequence[Frame]]) -> Image:
    """Draw rows of frames."""
    from PIL import Image

    images = [[_image(frame) for frame in row] for row in rows]
    widths = [sum(image.width + GAP for image in row) + GAP for row in images]
    heights = [max(image.height for image in row) + GAP for row in images]
    whole = Image.new("RGB", (max(widths), sum(heights) + GAP), "white")
    top = GAP
    for row, height in zip(images, heights, strict=True):
        left = GAP
        for image in row:
            whole.paste(image, (left, top))
            left += image.width + GAP
        top += height
    return whole


def _image(frame: Frame) -> Image:
    from PIL import Image

    parts = [(to_image(_plain(*re.split("[:,] ", frame.caption))), 0)]
    for name, drawing in frame.drawings.items():
        if name:
            parts.append((to_image(_plain(name)), 0))
        parts.append((to_image(drawing), GAP))
    height = sum(part.height + below for part, below in parts)
    image = Image.new("RGB", (max(part.width for part, _ in parts), height), "white")
    top = 0
    for part, below in parts:
        image.paste(part, (0, top))
        top += part.height + below
    return image


def _plain(*lines: str) -> Drawing:
    return [[(sign, Style()) for sign in line] for line in lines]


def save_drawings(
    path: Path, page: Callable[[], str], rows: Callable[[], Sequence[Sequence[Frame]]]
) -> None:
    """Write the page to an .html file, or the rows of frames to a .png file.

    Raises:
        TrmbenchError: another suffix, or the file cannot be written.
    """
    if path.suffix == ".html":
        write_output(path, lambda file: file.write_text(page(), encoding="utf-8"))
    elif path.suffix == ".png":
        image = picture(rows())
        write_output(path, lambda file: image.save(file, format="PNG"))
    else:
        raise TrmbenchError(f"cannot save drawings as {path.name}", "use .html or .png")
