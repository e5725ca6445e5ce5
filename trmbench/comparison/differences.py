"""The differences between cells: which pairs there are, and what can be said of each."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from trmbench.comparison.cautions import obstacles
from trmbench.comparison.cells import CellSummary
from trmbench.comparison.depth_moments import DepthMoments
from trmbench.comparison.left_out import LeftOut
from trmbench.comparison.matching import Match, Matching
from trmbench.comparison.pairing import partners
from trmbench.comparison.question import Question
from trmbench.comparison.reported import is_whole_benchmark
from trmbench.comparison.scores import ScoreReader, shared_ids
from trmbench.errors import TrmbenchError
from trmbench.stats import (
    CellMoments,
    Comparison,
    PairedMoments,
    PuzzleCounts,
    compare_all,
    puzzle_table,
)
from trmbench.stats.intervals import THIS_TEST_SET

REFUSED = "refused"
_Scores = tuple[CellMoments, CellMoments] | PairedMoments


@dataclass(frozen=True, eq=False)
class Difference:
    """mean(A) - mean(B) of two cells of one task and preset."""

    a: CellSummary
    b: CellSummary
    obstacles: tuple[str, ...]
    """Why the two are not comparable."""
    comparison: Comparison | None
    """None where nothing was computed: an obstacle without `force`, or no scores."""
    puzzles: PuzzleCounts | None
    """Who solves which puzzles."""
    match: Match
    """The depths at which the two are compared."""
    on_this_set: Comparison | None = None
    """The comparison on the tested puzzles alone, where they are all of a published benchmark."""

    @property
    def verdict(self) -> str:
        """ "better", "worse", "equivalent", "undecided" or "refused"."""
        return self.comparison.verdict if self.comparison else REFUSED

    @property
    def forced(self) -> bool:
        """True if the difference was computed in spite of obstacles."""
        return bool(self.obstacles) and self.comparison is not None

    @property
    def said(self) -> str:
        """The explanation, with the names of the cells wherever it lacks them."""
        names = self.a.name, self.b.name
        text = self.explanation
        return (
            text if all(_names(text, name) for name in names) else f"{' and '.join(names)}: {text}"
        )

    @property
    def explanation(self) -> str:
        """The verdict in a sentence or two, with the cells' names."""
        if self.comparison is None:
            return f"Not compared: {'; '.join(self.obstacles)}."
        text = f"{self.match.line}: " if self.match.line else ""
        text = text[:1].upper() + text[1:] + self._on_this_set() + self.comparison.explanation
        text += self._unfinished() + self._without_partner()
        return f"FORCED although {'; '.join(self.obstacles)}. {text}" if self.obstacles else text

    def _on_this_set(self) -> str:
        """The verdict on a benchmark as such, first, where puzzles like these have another one."""
        here = self.on_this_set
        if here is None or here.verdict == self.verdict:
            return ""
        return f"{here.explanation} On puzzles like these: "

    def _unfinished(self) -> str:
        """What to do about trials that did not finish, where they block the verdict."""
        if self.verdict != REFUSED or not (self.a.failed or self.b.failed):
            return ""
        named = " and ".join(_named_rows(cell) for cell in (self.a, self.b) if cell.failed)
        return f" Not finished: {named}; `trmbench resume`, or --ignore-failed."

    def _without_partner(self) -> str:
        """Which seeds are left out because the other cell has none to compare them with."""
        found = self.comparison
        if found is None or not found.paired:
            return ""
        sides = zip((self.a, self.b), (found.evidence.a, found.evidence.b), strict=True)
        alone = [(cell.name, len(cell.trials) - side.seeds) for cell, side in sides]
        lines = [f"{_seeds(count)} of {name} has no partner" for name, count in alone if count]
        return f" {' and '.join(lines)} and counts for nothing here." if lines else ""


def _names(text: str, name: str) -> bool:
    """True if the text has the name as words of their own: `trmbench` does not name trm."""
    return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text) is not None


def _seeds(count: int) -> str:
    return "1 seed" if count == 1 else f"each of {count} seeds"


def _named_rows(cell: CellSummary) -> str:
    each = (f"seed {row['seed']}, {row['status']}" for row in cell.failed)
    return f"{cell.name} ({'; '.join(each)})"


def by_split(
    reader: ScoreReader,
    groups: Sequence[Sequence[CellSummary]],
    question: Question,
    left_out: LeftOut,
) -> tuple[list[Difference], int]:
    """Compute all differences: each split is a family of its own, whatever else was tested.

    Args:
        reader: reads the scores.
        groups: the cells of each task, preset and split.
        question: what is asked.
        left_out: the trials that are not looked at.

    Returns:
        The differences, and the number of pairs that, once matched, ask what another pair asks.
    """
    splits = dict.fromkeys(group[0].split for group in groups)
    found: list[Difference] = []
    repeated = 0
    for split in splits:
        matched = [_matched(group, question) for group in groups if group[0].split == split]
        pairs = [pair for of_group, _ in matched for pair in of_group]
        found += _differences(reader, pairs, question, left_out)
        repeated += sum(dropped for _, dropped in matched)
    return found, repeated


def _pairs(
    cells: Sequence[CellSummary], baseline: str | None
) -> list[tuple[CellSummary, CellSummary]]:
    if baseline is None:
        pairs = itertools.combinations(cells, 2)
        return [(a, b) for a, b in pairs if a.cell_id == b.cell_id or not (a.is_last or b.is_last)]
    named = [cell for cell in cells if cell.name == baseline]
    named = named or [cell for cell in cells if cell.model == baseline and not cell.is_last]
    if len(named) > 1:
        raise TrmbenchError(
            f"--baseline {baseline!r} may be any of {', '.join(cell.name for cell in named)}",
            "write one of these in full",
        )
    if not named:
        return []
    others = [cell for cell in cells if cell is not named[0]]
    own = named[0].cell_id
    return [(cell, named[0]) for cell in others if cell.cell_id == own or not cell.is_last]


def _matched(cells: Sequence[CellSummary], question: Question) -> tuple[list[Match], int]:
    """Match the pairs of one task and preset; and how many ask what another pair asks."""
    matching = Matching(cells, question.match)
    found: dict[object, Match] = {}
    repeated = 0
    for pair in sorted(
        (matching.match(a, b) for a, b in _pairs(cells, question.baseline)),
        key=lambda match: match.is_moved,  # a pair at the depths of its tests stands for others
    ):
        key = frozenset((pair.a.key, pair.b.key))
        if pair.is_moved and key in found:
            repeated += 1
        else:
            found[key if key not in found else object()] = pair
    return list(found.values()), repeated


def _differences(
    reader: ScoreReader, matches: Sequence[Match], question: Question, left_out: LeftOut
) -> list[Difference]:
    """Compute all differences as one family for Holm's correction."""
    at_depths = DepthMoments(reader)
    found = [obstacles(match, question.match) for match in matches]
    for match, why in zip(matches, found, strict=True):
        why += filter(None, map(left_out.obstacle, (match.a.cell, match.b.cell)))
    scores: list[_Scores | None] = []
    for match, why in zip(matches, found, strict=True):
        pair = _comparable(at_depths, match, question) if question.force or not why else None
        if isinstance(pair, str):
            why.append(pair)
        scores.append(None if isinstance(pair, str) else pair)
    compared = [place for place, pair in enumerate(scores) if pair is not None]
    pairs = [pair for pair in scores if pair is not None]
    comparisons = iter(_compared(pairs, [matches[place] for place in compared], question))
    differences = []
    for match, why, pair in zip(matches, found, scores, strict=True):
        comparison, here = next(comparisons) if pair else (None, None)
        cells = match.a.cell, match.b.cell
        puzzles = _puzzles(pair)
        differences.append(Difference(*cells, tuple(why), comparison, puzzles, match, here))
    return differences


def _compared(
    pairs: Sequence[_Scores], matches: Sequence[Match], question: Question
) -> list[tuple[Comparison, Comparison | None]]:
    """Compare the pairs; those on all of a benchmark once more, on these puzzles alone."""
    ask = partial(
        compare_all,
        pairs,
        margin=question.margin,
        ignore_failed=question.ignore_failed,
        plan=question.plan,
        not_worse_than=question.not_worse_than,
        looks=question.looks,
        names=[(match.a.cell.name, match.b.cell.name) for match in matches],
    )
    found = ask(population=question.population)
    whole = [
        question.population is None and all(map(is_whole_benchmark, (match.a.cell, match.b.cell)))
        for match in matches
    ]
    if not any(whole):
        return [(comparison, None) for comparison in found]
    here = ask(population=[THIS_TEST_SET if is_whole else None for is_whole in whole])
    return [
        (comparison, other if is_whole else None)
        for comparison, other, is_whole in zip(found, here, whole, strict=True)
    ]


def _puzzles(pair: _Scores | None) -> PuzzleCounts | None:
    if isinstance(pair, PairedMoments):
        return puzzle_table(pair.a, pair.b)
    return puzzle_table(*pair) if pair else None


def _comparable(at_depths: DepthMoments, match: Match, question: Question) -> _Scores | str | None:
    """Read the two cells' moments on the same puzzles, the shared ones where the sets differ.

    Returns:
        None where there is nothing to pair, and a reason where scores are missing.
    """
    a, b = match.a.cell.puzzle_set, match.b.cell.puzzle_set
    if a is None or b is None:
        return None
    only = None if a is b else shared_ids(a, b)
    if only is not None and len(only) == 0:
        return None
    together = partners(match.a.cell, match.b.cell, question.paired)
    if together:
        return at_depths.read_pairs(match.a, match.b, together, only)
    left, right = (at_depths.read(point, only) for point in (match.a, match.b))
    if isinstance(left, str):
        return left
    if isinstance(right, str):
        return right
    # Where one counts groups and the other puzzles, there is nothing to pair.
    return (left, right) if left.puzzles == right.puzzles else None
