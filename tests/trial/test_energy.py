"""The energy that a device says it took."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from helpers.trials import maze_trials

from trmbench import machine
from trmbench.machine import EnergyMeter
from trmbench.store import Store
from trmbench.trial.run import run_trial

CPU = torch.device("cpu")


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Two processors' counters, which begin again at 100 J."""
    found = [tmp_path / "cap" / f"intel-rapl:{number}" for number in (0, 1)]
    for package in found:
        package.mkdir(parents=True)
        (package / "max_energy_range_uj").write_text("100000000\n")
        show(package, 0)
    monkeypatch.setattr(machine, "POWERCAP", tmp_path / "cap")
    return found


def show(package: Path, joules: float) -> None:
    (package / "energy_uj").write_text(f"{int(joules * 1e6)}\n")


def test_counters_are_added_up_also_where_they_begin_again(packages: list[Path]) -> None:
    show(packages[0], 90)
    meter = EnergyMeter(CPU)
    show(packages[0], 5)
    show(packages[1], 7)
    assert meter.joules == pytest.approx(15 + 7)
    show(packages[0], 6)
    assert meter.joules == pytest.approx(23)


def test_what_cannot_be_read_is_unknown(packages: list[Path], tmp_path: Path) -> None:
    meter = EnergyMeter(CPU)
    (packages[1] / "energy_uj").unlink()
    assert meter.joules is None
    assert EnergyMeter(CPU).joules is None


def test_a_row_has_the_energy_of_training_and_test(packages: list[Path], tmp_path: Path) -> None:
    [trial] = maze_trials(tmp_path / "results", 1)
    phases = {"train": 30.0, "test": 70.0}
    run_trial(trial, lambda event: show(packages[0], phases.get(event.phase, 0)))
    [row] = Store(tmp_path / "results").trials()
    assert row["train_joules"] == pytest.approx(30)
    assert row["test_joules"] == pytest.approx(40)
