"""trmbench: a benchmarking harness for small recursive reasoning models.

The public names are loaded when they are first used, so that importing trmbench costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader

import trmbench.spec as _spec

if TYPE_CHECKING:
    from trmbench.api import compare as compare, load as load, run as run
    from trmbench.errors import TrmbenchError as TrmbenchError, printable as printable
    from trmbench.evaluation.steps import SupervisionSteps as SupervisionSteps
    from trmbench.plugin.hookspecs import hookimpl as hookimpl
    from trmbench.puzzles.content import content_digest as content_digest
    from trmbench.puzzles.files import (
        hub_file as hub_file,
        published_puzzles as published_puzzles,
    )
    from trmbench.puzzles.generation import distinct_puzzles as distinct_puzzles
    from trmbench.puzzles.options import PuzzleOptions as PuzzleOptions
    from trmbench.puzzles.reader import PuzzleFormat as PuzzleFormat, read_puzzles as read_puzzles
    from trmbench.puzzles.splits import (
        Puzzles as Puzzles,
        make_splits as make_splits,
        make_table as make_table,
    )
    from trmbench.puzzles.task import PuzzleTask as PuzzleTask
    from trmbench.puzzles.votes import permutation_votes as permutation_votes
    from trmbench.spec import *  # noqa: F403
    from trmbench.store.output import write_output as write_output
    from trmbench.trial.failures import (
        record_failure as record_failure,
        retry_in_less_memory as retry_in_less_memory,
        with_half_micro_batch as with_half_micro_batch,
    )
    from trmbench.trial.run import run_trial as run_trial
    from trmbench.trial.saved import (
        SavedModel as SavedModel,
        Solution as Solution,
        load_model as load_model,
    )
    from trmbench.trial.share import run_shared_trial as run_shared_trial

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "api": ["compare", "load", "run"],
        "errors": ["TrmbenchError", "printable"],
        "evaluation.steps": ["SupervisionSteps"],
        "plugin.hookspecs": ["hookimpl"],
        "puzzles.content": ["content_digest"],
        "puzzles.files": ["hub_file", "published_puzzles"],
        "puzzles.generation": ["distinct_puzzles"],
        "puzzles.options": ["PuzzleOptions"],
        "puzzles.reader": ["PuzzleFormat", "read_puzzles"],
        "puzzles.splits": ["Puzzles", "make_splits", "make_table"],
        "puzzles.task": ["PuzzleTask"],
        "puzzles.votes": ["permutation_votes"],
        "spec": dir(_spec),
        "store.output": ["write_output"],
        "trial.failures": ["record_failure", "retry_in_less_memory", "with_half_micro_batch"],
        "trial.run": ["run_trial"],
        "trial.saved": ["SavedModel", "Solution", "load_model"],
        "trial.share": ["run_shared_trial"],
    },
)
__all__ += ["__version__"]
