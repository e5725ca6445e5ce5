"""A picture of one puzzle in sections: in the terminal and as a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import RenderableType
from rich.text import Text

from trmbench.gallery import frames as framed
from trmbench.gallery.frames import Frame
from trmbench.report.templates import template


@dataclass(frozen=True, eq=False)
class Section:
    """Frames that stand next to each other."""

    title: str
    frames: Sequence[Frame]


@dataclass(frozen=True, eq=False)
class Picture:
    """A puzzle, drawn."""

    title: str
    sections: Sequence[Section]


def picture_view(picture: Picture) -> Iterator[RenderableType]:
    """Yield a picture section by section."""
    yield Text(picture.title, "bold")
    for section in picture.sections:
        yield Text(f"\n{section.title}", "bold")
        yield framed.columns(section.frames)


def save_picture(picture: Picture, path: Path) -> None:
    """Write a page (.html) or a picture (.png).

    Raises:
        TrmbenchError: another suffix, or the file cannot be written.
    """

    def page() -> str:
        shown = [
            {"title": section.title, "frames": [frame.html() for frame in section.frames]}
            for section in picture.sections
        ]
        return template("puzzle.html").render(title=picture.title, sections=shown)

    framed.save_drawings(path, page, lambda: [section.frames for section in picture.sections])
