"""The cells of one study, looked at in a folder that holds several."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.synthetic import add_cell, bernoulli

import trmbench
from trmbench.config.studies import find_study
from trmbench.errors import TrmbenchError
from trmbench.experiment.cells import choose_cells


def fill(results: Path) -> None:
    """Write the cells of `maze-augmentation` as another run would, last one first, and a third."""
    study = choose_cells((), (), "mini", find_study("maze-augmentation"), {})
    for number, cell in enumerate(reversed(study.cells)):
        scores = bernoulli(3, 50, 0.5, salt=number)
        add_cell(results, "trm", scores, cell_id=cell.cell_id)
    add_cell(results, "hrm", bernoulli(3, 50, 0.4))


def test_a_study_shows_its_own_cells_in_its_order_and_by_its_names(tmp_path: Path) -> None:
    fill(tmp_path)
    compared, everything = (
        trmbench.compare(tmp_path, study="maze-augmentation"),
        trmbench.compare(tmp_path),
    )
    assert [cell.name for cell in compared.cells] == ["TRM, augmented", "TRM, not augmented"]
    assert compared.notes == ("the study leaves out 1 of 3 finished cells",)
    assert len(everything.cells) == 3 and not everything.notes


def test_a_study_of_which_nothing_was_run_is_said(tmp_path: Path) -> None:
    fill(tmp_path)
    with pytest.raises(TrmbenchError, match="no trial in .* belongs to this study"):
        trmbench.compare(tmp_path, study="ema-and-learning-rate")
    with pytest.raises(TrmbenchError, match="unknown study 'maze-augmentatio'"):
        trmbench.compare(tmp_path, study="maze-augmentatio")
