"""Who answers the puzzles of a trial: its trained model, with the settings of its evaluation."""

from __future__ import annotations

from trmbench.evaluation.answers import RecursiveSolver
from trmbench.evaluation.early_exit import EarlyExitSolver
from trmbench.spec import Solver
from trmbench.training.compilation import compiled_forward
from trmbench.trial.build import TrialParts


def solver_of(parts: TrialParts, compile: bool = False) -> Solver:
    """Make a solver of a trial's model, which has its final weights.

    Args:
        parts: the trial's parts.
        compile: compile the test step; not with early exit, whose batches shrink.

    Raises:
        TrmbenchError: on a CPU, there is no C++ compiler.
    """
    model = parts.model
    if not parts.needs_training:
        solver: Solver = model
        return solver
    evaluation, dtype = parts.evaluation, parts.dtype
    told = (parts.trial.seed, parts.schedule(1.0), parts.depth)
    if evaluation.early_exit is None:
        forward = compiled_forward(model, parts.device, dtype) if compile else None
        return RecursiveSolver(model.eval(), evaluation.steps, dtype, *told, forward)
    return EarlyExitSolver(model.eval(), evaluation.steps, dtype, evaluation.early_exit, *told)
