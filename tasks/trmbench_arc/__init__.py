"""ARC-AGI-1 and ARC-AGI-2 for trmbench: data, augmentation, test-time voting and submissions.

Importing this package is cheap: numpy and torch are imported when a task is loaded or a public
function is first used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import lazy_loader

from trmbench import Preset, TaskSpec, hookimpl
from trmbench_arc.options import Arc1Options, Arc2Options

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
__all__ += ["Arc1Options", "Arc2Options"]

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


def _load(options: Arc1Options) -> Arc:
    from trmbench_arc.arc import load

    return load(options)


def _lacking(options: Arc1Options) -> Mapping[str, str]:
    from trmbench_arc.concept import lacking

    return lacking(options)


@hookimpl
def trmbench_tasks() -> Sequence[TaskSpec]:
    """The two public ARC-AGI data sets."""
    presets = {"paper": PAPER, "mini": MINI}
    return [
        TaskSpec(
            name,
            title,
            presets,
            _load,
            options=options,
            lacking=_lacking,
            identifiers_option="identifiers",
        )
        for name, title, options in (
            ("arc1", "ARC-AGI-1", Arc1Options),
            ("arc2", "ARC-AGI-2", Arc2Options),
        )
    ]


@hookimpl
def trmbench_commands(cli: click.Group) -> None:
    """Add `trmbench submit`."""
    from trmbench_arc.command import submit

    cli.add_command(submit)
