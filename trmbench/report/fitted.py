"""A table of texts, drawn so that a terminal of any width shows every text whole."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from trmbench.errors import printable

LONGEST_WORD = 40
"""Characters: a longer word, such as a path in a message, may be broken."""


@dataclass(frozen=True)
class Column:
    """A column of a table, in characters that can be printed."""

    heading: str
    texts: tuple[str, ...]
    is_name: bool
    """Names stand left and may be wrapped between words; numbers stand right, in one line."""

    @property
    def widest(self) -> int:
        """The width at which nothing is wrapped."""
        return max(map(cell_len, (self.heading, *self.texts)))

    @property
    def narrowest(self) -> int:
        """The width at which no word of usual length is broken."""
        if not self.is_name:
            return max(map(cell_len, (*self.heading.split(), *self.texts)))
        words = (word for text in (self.heading, *self.texts) for word in text.split())
        return max((min(cell_len(word), LONGEST_WORD) for word in words), default=0)


@dataclass(frozen=True)
class Frame:
    """How columns are set apart."""

    box: box.Box
    gap: int
    """Characters between two columns."""
    edge: int
    """Characters at both ends of a line together."""

    def room(self, columns: int, width: int) -> int:
        """Count the characters that are left for texts."""
        return width - self.gap * (columns - 1) - self.edge


BOXED = Frame(box.HEAVY_HEAD, 3, 4)
OPEN, TIGHT = Frame(box.SIMPLE_HEAD, 2, 0), Frame(box.SIMPLE_HEAD, 1, 0)


class FittedTable:
    """A table that takes the form which its terminal has room for.

    With a box where that fits; then open, with what all rows share said above it; then in several
    tables one below the other, each with the names; at last one line per value.

    Args:
        title: stands above it.
        columns: at least one.
        keys: the first so many columns name a row.
        styles: of the rows, by number.
        style_of: the style of a text.
    """

    def __init__(
        self,
        title: str,
        columns: Sequence[Column],
        keys: int,
        dim: Collection[int],
        style_of: Callable[[str], str],
    ) -> None:
        self._title = title
        self._columns = columns
        self._keys = max(1, keys) if keys < len(columns) else min(2, len(columns))
        self._dim = dim
        self._style_of = style_of

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw it in the width of the console."""
        yield from self.drawn(options.max_width)

    def drawn(self, width: int) -> Iterator[RenderableType]:
        """Draw it in a width."""
        columns, title = self._columns, self._title
        if _needed(columns) <= BOXED.room(len(columns), width):
            yield from _titled(title)
            yield self._table(columns, BOXED, width)
            return
        if _needed(columns) > OPEN.room(len(columns), width):
            title, columns = _without_shared(title, columns)
        yield from _titled(title)
        for frame in (OPEN, TIGHT):
            if _needed(columns) <= frame.room(len(columns), width):
                yield self._table(columns, frame, width)
                return
        names = [column for column in columns if column in self._columns[: self._keys]]
        found = _fewest_blocks(columns, names, width)
        if found is None:
            yield from self._records(columns)
            return
        frame, blocks = found
        for block in blocks:
            yield self._table(block, frame, width)

    def _table(self, columns: Sequence[Column], frame: Frame, width: int) -> Table:
        edges = frame is BOXED
        drawn = Table(
            box=frame.box,
            show_edge=edges,
            pad_edge=edges,
            padding=(0, 1) if edges else (0, frame.gap - 1, 0, 0),
        )
        room = frame.room(len(columns), width)
        for column, own in zip(columns, _widths(columns, room), strict=True):
            drawn.add_column(
                Text(column.heading),
                justify="left" if column.is_name else "right",
                overflow="fold",
                min_width=own,
                max_width=own,
            )
        for number in range(len(self._columns[0].texts)):
            texts = (column.texts[number] for column in columns)
            styled = (Text(text, self._style_of(text)) for text in texts)
            drawn.add_row(*styled, style="dim" if number in self._dim else None)
        return drawn

    def _records(self, columns: Sequence[Column]) -> Iterator[RenderableType]:
        """Write a line per value: no words of a name need to stand side by side."""
        for number in range(len(self._columns[0].texts)):
            for column in columns:
                text = column.texts[number]
                yield Text.assemble((f"{column.heading}: ", "dim"), (text, self._style_of(text)))
            yield Text("")


def column(heading: str, texts: Sequence[str], is_name: bool) -> Column:
    """Make a column; control characters, which count as no width, are replaced first."""
    return Column(printable(heading), tuple(map(printable, texts)), is_name)


def table_of_names(
    title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]
) -> FittedTable:
    """Make a table without numbers."""
    texts = zip(*rows, strict=True) if rows else ((),) * len(headings)
    columns = [column(name, each, True) for name, each in zip(headings, texts, strict=True)]
    return FittedTable(printable(title), columns, len(columns), (), lambda text: "")


def _titled(title: str) -> Iterator[RenderableType]:
    """Set the title in the width of the terminal, which a narrow table has not."""
    if title:
        yield Text(title, "italic")


def _needed(columns: Sequence[Column]) -> int:
    return sum(column.widest for column in columns)


def _without_shared(title: str, columns: Sequence[Column]) -> tuple[str, list[Column]]:
    """Say in the title, once, the names that several rows share; numbers stay, and one column."""
    shared = [
        column
        for column in columns
        if column.is_name and len(column.texts) > 1 and len(set(column.texts)) == 1
        if column.texts[0]
    ]
    if not shared or len(shared) == len(columns):
        return title, list(columns)
    said = ", ".join(f"{column.heading} {column.texts[0]}" for column in shared)
    return f"{title} ({said})".lstrip(), [column for column in columns if column not in shared]


def _telling_apart(names: Sequence[Column]) -> list[Column]:
    """Pick the names that tell the rows apart, without one that adds nothing to those before it."""
    kept: list[Column] = []
    for added in names:
        if not kept or _different([*kept, added]) > _different(kept):
            kept.append(added)
    return kept


def _different(columns: Sequence[Column]) -> int:
    return len(set(zip(*(column.texts for column in columns), strict=True)))


def _fewest_blocks(
    columns: Sequence[Column], names: Sequence[Column], width: int
) -> tuple[Frame, list[list[Column]]] | None:
    """Divide columns into tables that all name their rows; None if some column does not fit.

    All names are in each table where that fits, else those alone that tell the rows apart. Of the
    ways that need as few tables, the first is taken: texts in one line, then a wider gap.
    """
    ways = ((OPEN, _unbroken), (OPEN, _least), (TIGHT, _unbroken))
    for keys in (names, _telling_apart(names)):
        found = [
            (frame, blocks)
            for frame, measure in ways
            if (blocks := _blocks(columns, keys, frame, width, measure)) is not None
        ]
        if found:
            return min(found, key=lambda way: len(way[1]))
    return None


def _blocks(
    columns: Sequence[Column],
    keys: Sequence[Column],
    frame: Frame,
    width: int,
    measure: Callable[[Sequence[Column]], int],
) -> list[list[Column]] | None:
    """Put as many columns next to the names as fit, then as many of the rest; None if none fit."""

    def fits(block: Sequence[Column]) -> bool:
        return measure(block) <= frame.room(len(block), width)

    def with_names(block: Sequence[Column]) -> list[Column]:
        return [column for column in columns if column in keys or column in block]

    blocks: list[list[Column]] = [[]]
    for added in (column for column in columns if column not in keys):
        if fits(with_names([*blocks[-1], added])):
            blocks[-1].append(added)
        else:
            blocks.append([added])
    whole = [with_names(block) for block in blocks if block] or [with_names([])]
    return whole if all(map(fits, whole)) else None


def _unbroken(columns: Sequence[Column]) -> int:
    """Count the characters that rows in one line need; headings may be wrapped."""
    return sum(max(column.narrowest, *map(cell_len, ("", *column.texts))) for column in columns)


def _least(columns: Sequence[Column]) -> int:
    return sum(column.narrowest for column in columns)


def _widths(columns: Sequence[Column], room: int) -> list[int]:
    """Give each column the width that no word needs more of, then what is left in turns."""
    widths = [column.narrowest for column in columns]
    wishes = [column.widest for column in columns]
    left = room - sum(widths)
    while left > 0 and widths != wishes:
        short = [i for i, (has, wish) in enumerate(zip(widths, wishes, strict=True)) if has < wish]
        for place in short[:left]:
            widths[place] += 1
        left -= len(short[:left])
    return widths
