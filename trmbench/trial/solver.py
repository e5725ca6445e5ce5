"""Who answers the puzzles of a trial: its trained model, with the settings of its evaluation."""

from __future__ import annotations

from trmbench.evaluation.answers import RecursiveSolver
from trmbench.evaluation.early_exit import EarlyExitSolver
from trmbench.spec import Solver
from trmbench.trial.build import TrialParts


def solver_of(parts: TrialParts) -> Solver:
    """Make a solver of a trial's model, which has its final weights."""
    model = parts.model
    if not parts.needs_training:
        solver: Solver = model
        return solver
    evaluation, dtype = parts.evaluation, parts.dtype
    told = (parts.trial.seed, parts.schedule(1.0), parts.depth)
    if evaluation.early_exit is None:
        return RecursiveSolver(model.eval(), evaluation.steps, dtype, *told)
    return EarlyExitSolver(model.eval(), evaluation.steps, dtype, evaluation.early_exit, *told)
