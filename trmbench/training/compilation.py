"""`torch.compile` for the supervision step."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import Any

import torch

from trmbench.errors import TrmbenchError

MOST_STEPS = 1024
"""Different steps that one process may compile: trials of a cell share one, studies have many."""


def compiled(supervise: Callable[..., Any], device: torch.device) -> Callable[..., Any]:
    """The supervision step with static shapes, compiled when first called.

    Raises:
        TrmbenchError: on a CPU, there is no C++ compiler.
    """
    if device.type == "cpu":
        from torch._inductor import config  # takes seconds; names the compilers in its order

        names = [name for name in config.cpp.cxx if name]
        if not any(map(shutil.which, names)):
            raise TrmbenchError(
                f"execution.compile needs a C++ compiler on a CPU, and there is no {names[-1]}",
                "install it, name another one in the environment variable CXX, or do not compile",
            )
    from torch._dynamo import config as limits

    # Beyond them torch would go on uncompiled, with no more than a line in the log.
    limits.recompile_limit = limits.accumulated_recompile_limit = MOST_STEPS
    step: Callable[..., Any] = torch.compile(supervise, dynamic=False)
    return step
