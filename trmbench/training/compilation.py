"""`torch.compile` for the supervision step."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import torch

from trmbench.errors import TrmbenchError
from trmbench.training.torch_settings import compile_many_steps

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def compiled(
    supervise: Callable[Arguments, Result], device: torch.device
) -> Callable[Arguments, Result]:
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
    compile_many_steps()
    return torch.compile(supervise, dynamic=False)
