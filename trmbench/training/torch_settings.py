"""What is changed in torch itself, for the whole process: everything of the kind stands here."""

from __future__ import annotations

from torch.optim import Optimizer

MOST_STEPS = 1024
"""Different steps that one process may compile: trials of a cell share one, studies have many."""


def build_optimizers_without_compiler() -> None:
    """Mark the methods of optimisers as never compiled, which nothing here does.

    To keep them from being compiled, torch would load its compiler, for seconds, with the first
    optimiser. A torch that does not know this mark loads it as before.
    """
    for method in (
        Optimizer.add_param_group,
        Optimizer.zero_grad,
        Optimizer.state_dict,
        Optimizer.load_state_dict,
    ):
        plain = getattr(method, "__wrapped__", method)
        plain.__dict__.setdefault("__dynamo_disable", plain)


def compile_many_steps() -> None:
    """Raise the limits beyond which torch goes on uncompiled, with no more than a line in a log."""
    from torch._dynamo import config  # loads the compiler

    config.recompile_limit = config.accumulated_recompile_limit = MOST_STEPS
