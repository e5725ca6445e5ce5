"""Cells compared: one computation, from which every table, file and picture is made."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from trmbench.comparison.across import AcrossTasks, summarize_tasks
from trmbench.comparison.cautions import find_cautions, obstacles
from trmbench.comparison.cells import HEADLINE, CellSummary, named, summarize_with
from trmbench.comparison.depth_moments import DepthMoments
from trmbench.comparison.matching import Match, Matching
from trmbench.comparison.question import Question
from trmbench.comparison.reported import Reported, reported_figures
from trmbench.comparison.scores import (
    ScoreReader,
    check_metric,
    is_scored_anew,
    shared_ids,
)
from trmbench.comparison.selection import select_trials
from trmbench.errors import TrmbenchError, unknown
from trmbench.spec.trials import Row
from trmbench.stats import CellMoments, Comparison, PuzzleCounts, compare_all, puzzle_table
from trmbench.store import Store

REFUSED = "refused"


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

    @property
    def verdict(self) -> str:
        """ "better", "worse", "equivalent", "undecided" or "refused"."""
        return self.comparison.verdict if self.comparison else REFUSED

    @property
    def forced(self) -> bool:
        """True if the difference was computed in spite of obstacles."""
        return bool(self.obstacles) and self.comparison is not None

    @property
    def explanation(self) -> str:
        """The verdict in a sentence or two, with the cells' names."""
        if self.comparison is None:
            return f"Not compared: {'; '.join(self.obstacles)}."
        text = f"{self.match.line}: " if self.match.line else ""
        text = text[:1].upper() + text[1:] + self.comparison.explanation
        return f"FORCED although {'; '.join(self.obstacles)}. {text}" if self.obstacles else text


@dataclass(frozen=True, eq=False)
class Group:
    """The cells of one task, preset and split: what is compared with each other."""

    task: str
    preset: str
    split: str
    cells: tuple[CellSummary, ...]
    differences: tuple[Difference, ...]
    cautions: tuple[str, ...]

    @property
    def tested_on(self) -> str:
        """The task, and the split where it is not the one that counts."""
        return named(self.task, self.split)


@dataclass(frozen=True, eq=False)
class ComparedCells:
    """Everything that `compare` and `report` show."""

    question: Question
    groups: tuple[Group, ...]
    across: AcrossTasks | None
    """Summaries over tasks; None below four tasks."""
    published: tuple[Reported, ...]
    """What papers report for these tasks, if asked for."""
    notes: tuple[str, ...]
    """What was left out or passed over."""

    @property
    def cells(self) -> list[CellSummary]:
        """All cells."""
        return [cell for group in self.groups for cell in group.cells]

    @property
    def differences(self) -> list[Difference]:
        """All differences."""
        return [difference for group in self.groups for difference in group.differences]

    @property
    def failed(self) -> list[Row]:
        """The rows of all trials that are not finished."""
        return [row for cell in self.cells for row in cell.failed]


def compare_cells(store: Store, question: Question) -> ComparedCells:
    """Compare the cells of a store, task by task and preset by preset.

    Raises:
        TrmbenchError: bad input, or nothing to compare.
    """
    if question.margin is not None and not 0 < question.margin < 1:
        raise TrmbenchError(
            f"a margin of {100 * question.margin:g} points is not between 0 and 100",
            "--margin takes points, such as --margin 2",
        )
    rows, notes = select_trials(store, question.where, question.split)
    reader = ScoreReader(store, check_metric(question.metric))
    cells = summarize_with(reader, rows, question.metric)
    if question.baseline and not any(question.baseline in (c.name, c.model) for c in cells):
        raise unknown("baseline", question.baseline, {cell.name for cell in cells})
    differences, repeated = _by_split(reader, cells, question)
    groups = tuple(
        Group(
            task=group[0].task,
            preset=group[0].preset,
            split=group[0].split,
            cells=tuple(group),
            differences=tuple(d for d in differences if d.a in group),
            cautions=tuple(find_cautions(group)),
        )
        for group in _by_task(cells)
    )
    notes += [line for cell in cells for line in cell.left_out]
    if repeated:
        notes.append(f"{repeated} pairs, once matched, ask what another pair asks; it counts once")
    notes += _mixed_presets(groups)
    notes += _scored_anew(cells)
    of_test = [cell for cell in cells if cell.split == HEADLINE]
    return ComparedCells(
        question=question,
        groups=groups,
        across=summarize_tasks(of_test),
        published=reported_figures(of_test) if question.published else (),
        notes=tuple(notes),
    )


def _by_split(
    reader: ScoreReader, cells: Sequence[CellSummary], question: Question
) -> tuple[list[Difference], int]:
    """Compute all differences: each split is a family of its own, whatever else was tested.

    Returns:
        The differences, and the number of pairs that, once matched, ask what another pair asks.
    """
    groups = _by_task(cells)
    splits = dict.fromkeys(group[0].split for group in groups)
    found: list[Difference] = []
    repeated = 0
    for split in splits:
        matched = [_matched(group, question) for group in groups if group[0].split == split]
        pairs = [pair for of_group, _ in matched for pair in of_group]
        found += _differences(reader, pairs, question)
        repeated += sum(dropped for _, dropped in matched)
    return found, repeated


def _by_task(cells: Sequence[CellSummary]) -> list[list[CellSummary]]:
    """Group the cells by task, preset and split; of one task and preset, "test" comes first."""
    groups: dict[tuple[str, str], dict[str, list[CellSummary]]] = {}
    for cell in cells:
        splits = groups.setdefault((cell.task, cell.preset), {})
        splits.setdefault(cell.split, []).append(cell)
    return [
        group
        for splits in groups.values()
        for _, group in sorted(splits.items(), key=lambda item: item[0] != HEADLINE)
    ]


def _scored_anew(cells: Sequence[CellSummary]) -> list[str]:
    """Say of which tasks earlier trials count every right answer, as their later ones do."""
    tasks = {cell.task: None for cell in cells if any(map(is_scored_anew, cell.rows))}
    return [
        f"{task}: trials of before count every valid answer, as later ones do;"
        " --metric exact_accuracy counts the label alone"
        for task in tasks
    ]


def _mixed_presets(groups: Sequence[Group]) -> list[str]:
    presets: dict[str, dict[str, None]] = {}
    for group in groups:
        presets.setdefault(group.task, {})[group.preset] = None
    return [
        f"{task}: presets {', '.join(names)} are different experiments and are not compared"
        for task, names in presets.items()
        if len(names) > 1
    ]


def _pairs(
    cells: Sequence[CellSummary], baseline: str | None
) -> list[tuple[CellSummary, CellSummary]]:
    if baseline is None:
        return list(itertools.combinations(cells, 2))
    named = [cell for cell in cells if cell.name == baseline]
    named = named or [cell for cell in cells if cell.model == baseline]
    if len(named) > 1:
        raise TrmbenchError(
            f"--baseline {baseline!r} may be any of {', '.join(cell.name for cell in named)}",
            "write one of these in full",
        )
    return [(cell, named[0]) for cell in cells if cell is not named[0]] if named else []


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
    reader: ScoreReader, matches: Sequence[Match], question: Question
) -> list[Difference]:
    """Compute all differences as one family for Holm's correction."""
    at_depths = DepthMoments(reader)
    found = [obstacles(match, question.match) for match in matches]
    scores: list[tuple[CellMoments, CellMoments] | None] = []
    for match, why in zip(matches, found, strict=True):
        pair = _comparable(at_depths, match) if question.force or not why else None
        if isinstance(pair, str):
            why.append(pair)
        scores.append(None if isinstance(pair, str) else pair)
    tested = [pair for pair in scores if pair is not None]
    comparisons = iter(
        compare_all(tested, margin=question.margin, ignore_failed=question.ignore_failed)
    )
    return [
        Difference(
            match.a.cell,
            match.b.cell,
            tuple(why),
            next(comparisons) if pair else None,
            puzzle_table(*pair) if pair else None,
            match,
        )
        for match, why, pair in zip(matches, found, scores, strict=True)
    ]


def _comparable(
    at_depths: DepthMoments, match: Match
) -> tuple[CellMoments, CellMoments] | str | None:
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
    left, right = (at_depths.read(point, only) for point in (match.a, match.b))
    if isinstance(left, str):
        return left
    if isinstance(right, str):
        return right
    # Where one counts groups and the other puzzles, there is nothing to pair.
    return (left, right) if left.puzzles == right.puzzles else None
