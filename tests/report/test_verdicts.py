"""What is said of a comparison in words: in its first lines, and of its pairs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from helpers.synthetic import add_cell, bernoulli

from trmbench.comparison.compare import ComparedCells, compare_cells
from trmbench.comparison.question import Question
from trmbench.report.headline import headlines
from trmbench.report.verdicts import verdicts
from trmbench.store import Store


def _compared(root: Path) -> ComparedCells:
    """Two models of the same accuracy, a worse one, and one that did not finish."""
    high = bernoulli(5, 200, 0.9)
    add_cell(root, "trm", high)
    add_cell(root, "urm", np.roll(high, 1, axis=1))
    add_cell(root, "hrm", bernoulli(5, 200, 0.3))
    add_cell(root, "eqr", np.vstack([bernoulli(4, 200, 0.5), np.full((1, 200), np.nan)]))
    return compare_cells(Store(root), Question())


def test_models_that_are_not_told_apart_lead_together(tmp_path: Path) -> None:
    [lead] = headlines(_compared(tmp_path))
    assert lead.leader in ("trm and urm", "urm and trm")
    assert "undecided against" in lead.said
    assert "; better than hrm (by 58.0 points, " in lead.said
    assert "; no verdict against eqr (" in lead.said


def test_pairs_refused_for_one_reason_share_a_line_that_names_them(tmp_path: Path) -> None:
    refused = [found for found in verdicts(_compared(tmp_path).differences) if "refu" in found[2]]
    [one] = refused
    assert one.said.startswith("eqr against trm, urm and hrm: ")
    assert one.said.count("seeds of eqr did not finish") == 1
    assert set(one.cells) == {"trm", "urm", "hrm", "eqr"}


def test_a_refusal_names_both_models_though_a_command_is_called_like_one(tmp_path: Path) -> None:
    add_cell(tmp_path, "trm", bernoulli(4, 50, 0.9))
    add_cell(tmp_path, "eqr", np.vstack([bernoulli(3, 50, 0.5), np.full((1, 50), np.nan)]))
    [one] = verdicts(compare_cells(Store(tmp_path), Question()).differences)
    assert one.said.startswith("trm and eqr: ") and "`trmbench resume`" in one.said
