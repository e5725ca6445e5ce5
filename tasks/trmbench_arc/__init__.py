"""ARC-AGI-1, ARC-AGI-2 and Mini-ARC for trmbench: data, augmentation, voting and submissions.

Importing this package is cheap: numpy and torch are imported when a task is loaded or a public
function is first used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import lazy_loader

from trmbench import Preset, TaskSpec, hookimpl
from trmbench_arc.options import OPTIONS, Arc1Options, Arc2Options, ArcOptions, MiniArcOptions

if TYPE_CHECKING:
    import click

    from trmbench_arc.arc import Arc as Arc
    from trmbench_arc.leakage import overlap as overlap
    from trmbench_arc.submission import (
        validate_submission as validate_submission,
        write_submission as write_submission,
    )
    from trmbench_arc.voting import VoteResult as VoteResult, vote as vote

# Its `__dir__` is left out: pluggy looks for the hooks among all names of the module.
__getattr__, _, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "arc": ["Arc"],
        "leakage": ["overlap"],
        "submission": ["validate_submission", "write_submission"],
        "voting": ["VoteResult", "vote"],
    },
)
__all__ += ["Arc1Options", "Arc2Options", "ArcOptions", "MiniArcOptions"]

PAPER = Preset(
    train={"epochs": 100_000, "batch_size": 768},
    evaluation={"votes": 1001},
)
MINI = Preset(
    options={
        "canvas": 10,
        "skip_large": True,
        "train_tasks": 6,
        "test_tasks": 3,
        "variants": 4,
        "shifts": False,
    },
    train={
        "steps": 2600,
        "batch_size": 32,
        "puzzle_learning_rate": 1e-2,
        "puzzle_weight_decay": 0.1,
    },
    evaluation={"votes": 4},
)
MINI_OF_5X5 = Preset(
    options={"source": "generated", "test_tasks": 40, "variants": 4, "shifts": False},
    train={"puzzle_learning_rate": 1e-2, "puzzle_weight_decay": 0.1},
    evaluation={"votes": 4},
)


def _load(options: ArcOptions) -> Arc:
    from trmbench_arc.arc import load

    return load(options)


def _lacking(options: ArcOptions) -> Mapping[str, str]:
    from trmbench_arc.concept import lacking

    return lacking(options)


@hookimpl
def trmbench_tasks() -> Sequence[TaskSpec]:
    """Offer the two public ARC-AGI data sets, and Mini-ARC."""
    return [
        TaskSpec(
            name,
            title,
            {"paper": PAPER, "mini": mini},
            _load,
            options=OPTIONS[name],
            lacking=_lacking,
            identifiers_option="identifiers",
        )
        for name, title, mini in (
            ("arc1", "ARC-AGI-1", MINI),
            ("arc2", "ARC-AGI-2", MINI),
            ("arc-mini", "Mini-ARC", MINI_OF_5X5),
        )
    ]


@hookimpl
def trmbench_commands(cli: click.Group) -> None:
    """Add `trmbench submit`."""
    from trmbench_arc.command import submit

    cli.add_command(submit)
