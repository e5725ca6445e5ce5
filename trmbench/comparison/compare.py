"""Cells compared: one computation, from which every table, file and picture is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trmbench.comparison.across import AcrossTasks, summarize_tasks
from trmbench.comparison.candidates import SeveralAnswers, of_cells
from trmbench.comparison.cautions import find_cautions
from trmbench.comparison.cells import HEADLINE, CellSummary, named, summarize_with
from trmbench.comparison.differences import Difference, by_split
from trmbench.comparison.expectations import Outcome, score_expectations
from trmbench.comparison.left_out import OUTCOMES, LeftOut
from trmbench.comparison.metrics import check_metric
from trmbench.comparison.origins import origin_lines
from trmbench.comparison.question import Question
from trmbench.comparison.reported import Reported, reported_figures
from trmbench.comparison.scores import ScoreReader, is_scored_anew
from trmbench.comparison.selection import select_trials
from trmbench.comparison.where import names_in
from trmbench.errors import TrmbenchError, unknown
from trmbench.spec.metrics import ABSTAINED, PRIMARY, figure_of
from trmbench.spec.trials import Row
from trmbench.stats import Claim, exceeds_all
from trmbench.store import Store
from trmbench.store.expectations import read_expectations

__all__ = ["ComparedCells", "Difference", "Group", "Question", "compare_cells"]


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
    claims: tuple[tuple[CellSummary, Claim], ...]
    """Whether each cell exceeds the target, if asked for."""
    across: AcrossTasks | None
    """Summaries over tasks; None below four tasks."""
    published: tuple[Reported, ...]
    """What papers report for these tasks, if asked for."""
    outcomes: tuple[Outcome, ...]
    """What became of the stored expectations."""
    notes: tuple[str, ...]
    """What was left out or passed over."""
    several: tuple[tuple[CellSummary, SeveralAnswers], ...] = ()
    """The cells with candidates, votes or abstentions, and what these are worth."""

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
    _check(question)
    rows, hidden, notes = select_trials(store, question.where, question.split, question.study)
    check_metric(store, rows, question.metric)
    reader = ScoreReader(store, question.metric)
    cells = summarize_with(reader, rows, question.metric)
    _check_cells(question, cells)
    by_task = _by_task(cells)
    asked = names_in(question.where) if question.where else []
    left_out = LeftOut(hidden, cells, [name for name in asked if name in OUTCOMES])
    differences, repeated = by_split(reader, by_task, question, left_out)
    groups = tuple(
        Group(
            task=group[0].task,
            preset=group[0].preset,
            split=group[0].split,
            cells=tuple(group),
            differences=tuple(d for d in differences if d.a in group),
            cautions=(*left_out.cautions(group), *find_cautions(group)),
        )
        for group in by_task
    )
    notes += _notes(question, groups, cells, repeated)
    expected = read_expectations(store)
    if expected and question.metric != PRIMARY:
        notes.append("expectations are about each task's own score, and scored without --metric")
        expected = []
    of_test = [cell for cell in cells if cell.split == HEADLINE]
    return ComparedCells(
        question=question,
        groups=groups,
        claims=_claims(of_test, question, left_out),
        across=summarize_tasks(of_test),
        published=reported_figures(of_test) if question.published else (),
        outcomes=score_expectations(expected, cells, differences),
        notes=tuple(notes),
        several=tuple(of_cells(store, cells)),
    )


def _check(question: Question) -> None:
    """Refuse what no difference can be, before anything is read."""
    for name in ("margin", "not_worse_than", "plan", "exceeds"):
        share = getattr(question, name)
        if share is not None and not 0 < share < 1:
            option = name.replace("_", "-")
            raise TrmbenchError(
                f"--{option} of {100 * share:g} points is not between 0 and 100",
                f"--{option} takes points, such as --{option} 2",
            )
    looks = question.looks
    if looks and (looks[0] < 3 or sorted(set(looks)) != list(looks)):
        raise TrmbenchError(
            f"looks at {', '.join(map(str, looks))} seeds are not possible",
            "--looks takes rising numbers of seeds from 3 on, such as --looks 3,5,10",
        )


def _claims(
    cells: Sequence[CellSummary], question: Question, left_out: LeftOut
) -> tuple[tuple[CellSummary, Claim], ...]:
    """Hold the cells against the target, as one family."""
    tested = [cell for cell in cells if cell.trials]
    if question.exceeds is None:
        return ()
    found = exceeds_all(
        [cell.moments for cell in tested],
        question.exceeds,
        names=[cell.name for cell in tested],
        refusals=[left_out.no_claim(cell) for cell in tested],
    )
    return tuple(zip(tested, found, strict=True))


def _check_cells(question: Question, cells: Sequence[CellSummary]) -> None:
    """Refuse a population or a baseline that these cells do not have."""
    for cell in cells:
        tested = 0 if cell.puzzle_set is None else len(cell.puzzle_set)
        if question.population is not None and question.population < tested:
            raise TrmbenchError(
                f"a population of {question.population:,} has no {tested:,} puzzles",
                f"{cell.name} was tested on as many: --population {tested} or more",
            )
    if question.baseline and not any(question.baseline in (c.name, c.model) for c in cells):
        raise unknown("baseline", question.baseline, {cell.name for cell in cells})


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


def _notes(
    question: Question, groups: Sequence[Group], cells: Sequence[CellSummary], repeated: int
) -> list[str]:
    """What was left out or passed over, and what a reader of the metric has to know."""
    notes = [line for cell in cells for line in cell.left_out]
    if repeated:
        notes.append(f"{repeated} pairs, once matched, ask what another pair asks; it counts once")
    if figure_of(question.metric) == ABSTAINED:
        notes.append("abstained: the better of two gives no answer to more of the puzzles")
    return [*notes, *_mixed_presets(groups), *_scored_anew(cells), *origin_lines(cells)]


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
