"""Tables of what candidates, votes and abstentions are worth."""

from __future__ import annotations

from trmbench.comparison.candidates import Rung, SeveralAnswers
from trmbench.comparison.cells import CellSummary
from trmbench.comparison.compare import ComparedCells
from trmbench.report.tables import TextTable
from trmbench.report.words import UNKNOWN, count, decimals, percent, points

SEVERAL_NOTE = (
    "pass: one of K candidates is right, as an oracle knows, estimated without bias; selected: the"
    " one that the model chooses; mode: the most frequent; gap: pass less selected. Votes are"
    " candidates too. AUC: of a right candidate's score against a wrong one's of the same puzzle."
    " AURC: mean risk over coverages, by confidence. With intervals: --metric pass@K, selected@K."
)
_FIGURES = ("pass (oracle)", "selected", "mode", "gap", "coverage")
_OTHERS = ("different right", "AUC", "abstained", "AURC")


def rungs_table(found: SeveralAnswers) -> TextTable:
    """Make one line per number of candidates of a trial."""
    lines = tuple((count(rung.k), *_of_rung(rung)) for rung in found.rungs)
    return TextTable("Of K candidates per puzzle", ("K", *_FIGURES), lines, 0)


def several_table(compared: ComparedCells) -> TextTable:
    """Make one line per cell whose models answer several times, or not at all."""
    cells = compared.several
    rows = tuple(_line(cell, found) for cell, found in cells)
    about = tuple((cell.name,) for cell, _ in cells)
    headings = ("task", "model", "K", *_FIGURES, *_OTHERS)
    return TextTable("Candidates and abstentions, means over seeds", headings, rows, 2, cells=about)


def others(found: SeveralAnswers) -> dict[str, str]:
    """The figures of a trial that do not depend on the number of candidates, by name."""
    mixed = "" if found.mixed != found.mixed else f" ({percent(found.mixed)} of the puzzles)"
    different = UNKNOWN if found.distinct != found.distinct else f"{found.distinct:.2f} per puzzle"
    return {
        "different right answers": different,
        "AUC of the candidates' scores": decimals(found.auc) + mixed,
        "abstained": percent(found.abstained),
        "mean risk over coverages (AURC)": decimals(found.aurc),
    }


def several_record(cell: CellSummary, found: SeveralAnswers) -> dict[str, object]:
    """Make the record of one cell: the figures of all candidates, and the others."""
    of_all = found.rungs[-1] if found.rungs else None
    return {
        "name": cell.name,
        "cell_id": cell.cell_id,
        "evaluation_id": cell.evaluation_id,
        "candidates": of_all and of_all.k,
        "pass": of_all and of_all.passed,
        "selected": of_all and of_all.selected,
        "mode": of_all and of_all.mode,
        "coverage": of_all and of_all.coverage,
        "gap": of_all and of_all.gap,
        **{name: getattr(found, name) for name in found._fields[1:]},
    }


def _of_rung(rung: Rung) -> tuple[str, ...]:
    gap = points(rung.gap)
    return (*map(percent, (rung.passed, rung.selected, rung.mode)), gap, percent(rung.coverage))


def _line(cell: CellSummary, found: SeveralAnswers) -> tuple[str, ...]:
    of_all = found.rungs[-1] if found.rungs else None
    unknown = ("1", *[UNKNOWN] * len(_FIGURES))
    figures = (count(of_all.k), *_of_rung(of_all)) if of_all else unknown
    different = UNKNOWN if found.distinct != found.distinct else f"{found.distinct:.2f}"
    sure = (decimals(found.auc), percent(found.abstained), decimals(found.aurc))
    return (cell.tested_on, cell.name, *figures, different, *sure)
