"""Results of several places: what each holds, and how commands are given."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from helpers.synthetic import bernoulli

from trmbench.cli.main import run_command
from trmbench.spec.expectations import read_expectation
from trmbench.store import Store
from trmbench.store.expectations import Stored, take_over

GOOD, BAD = bernoulli(4, 60, 0.9), bernoulli(4, 60, 0.3)


def run(*arguments: object) -> int:
    return run_command(list(map(str, arguments)))


def expect(root: Path, text: str, hour: int = 0) -> Stored:
    found = Stored(read_expectation(text), datetime(2026, 11, 1, hour, tzinfo=UTC))
    take_over(Store(root), [found])
    return found
