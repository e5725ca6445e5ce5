"""`torch.compile` for training and test steps, and whether they compute what the plain ones do."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable, Mapping, Sequence
from typing import ParamSpec, TypeVar

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves

from trmbench.errors import TrmbenchError
from trmbench.spec import RecursiveModel, StepOutput
from trmbench.spec.models import Forward, State, Step
from trmbench.training.torch_settings import compile_many_steps

LARGEST_ERROR = {torch.float64: 1e-6, torch.float32: 1e-2, torch.bfloat16: 0.5}
"""Of a compiled gradient or logits, relative to the plain ones; a gradient that is lost has 1."""
NEGLIGIBLE = 1e-3
"""Share of the whole gradient's norm below which a weight's own is only rounding."""

_WAY_OUT = "leave execution.compile out, or use another torch"

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def compiled(
    function: Callable[Arguments, Result], device: torch.device, graphs: bool = False
) -> Callable[Arguments, Result]:
    """A function with static shapes, compiled when first called.

    Args:
        function: such as the supervision step.
        device: where it computes.
        graphs: record it as CUDA graphs. Its next call then overwrites the results of the last one,
            and so does the next backward pass with the gradients.

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
    return torch.compile(function, dynamic=False, mode="reduce-overhead" if graphs else None)


def compiled_and_compared(
    function: Callable[Arguments, Result], device: torch.device
) -> Callable[Arguments, Result]:
    """The same; its first results, tensors in containers, are compared with the plain ones.

    Raises:
        TrmbenchError: as `compiled`, or, when first called, they differ by more than rounding does.
    """
    fast = compiled(function, device)
    compared: list[bool] = []

    def call(*arguments: Arguments.args, **keywords: Arguments.kwargs) -> Result:
        found = fast(*arguments, **keywords)
        if not compared:
            compared.append(True)
            _compare_results(function(*arguments, **keywords), found)
        return found

    return call


def _compare_results(plain: object, fast: object) -> None:
    try:
        torch.testing.assert_close(
            tree_leaves(fast), tree_leaves(plain), rtol=1e-4, atol=1e-5, equal_nan=True
        )
    except AssertionError as error:
        told = f"compiled by torch {torch.__version__}, a training step counts otherwise than plain"
        raise TrmbenchError(told, _WAY_OUT) from error


def compiled_forward(model: RecursiveModel, device: torch.device, dtype: torch.dtype) -> Forward:
    """The model's forward pass for tests, compiled when first called.

    Its first answers are compared with the plain ones, once.

    Raises:
        TrmbenchError: as `compiled`, or, when first called, the answers differ by more than
            rounding.
    """
    plain: Forward = model
    fast = compiled(plain, device)
    checked: list[bool] = []

    def forward(state: State, *given: Tensor | Step) -> StepOutput:
        laid_out = tuple(part.contiguous() for part in state)  # one layout, so one compilation
        if not checked:
            expected = plain(laid_out, *map(_again, given))
            _compare_logits(expected.logits, fast(laid_out, *map(_again, given)).logits, dtype)
            checked.append(True)
        return fast(laid_out, *given)

    return forward


def _again(given: Tensor | Step) -> Tensor | Step:
    """The same argument, with random numbers of which none was drawn."""
    if not isinstance(given, Step):
        return given
    return given._replace(draw=copy.copy(given.draw))


def _compare_logits(plain: Tensor, fast: Tensor, dtype: torch.dtype) -> None:
    difference = (fast.double() - plain.double()).norm()
    if not bool(difference <= LARGEST_ERROR[dtype] * plain.double().norm()):
        raise TrmbenchError(
            f"compiled by torch {torch.__version__}, the model has other logits than plain",
            _WAY_OUT,
        )


def compare_gradients(
    plain: Mapping[str, Tensor | None], fast: Mapping[str, Tensor | None], dtype: torch.dtype
) -> None:
    """Compare the compiled step's gradients with the plain one's. Waits for the device.

    Args:
        plain: by the names of the weights; None where there is none.
        fast: the same, of the compiled step.
        dtype: what both computed in.

    Raises:
        TrmbenchError: they differ by more than rounding does.
    """
    lost = [name for name, gradient in plain.items() if (gradient is None) != (fast[name] is None)]
    both = {
        name: (gradient.double(), other.double())
        for name, gradient in plain.items()
        if gradient is not None and (other := fast[name]) is not None
    }
    norms = {name: float(gradient.norm()) for name, (gradient, _) in both.items()}
    least = NEGLIGIBLE * max(norms.values(), default=0.0)
    most = LARGEST_ERROR[dtype]
    wrong = [
        name
        for name, (gradient, other) in both.items()
        if not float((other - gradient).norm()) <= most * max(norms[name], least)
    ]
    if lost or wrong:
        _refuse([*lost, *wrong], len(plain))


def _refuse(wrong: Sequence[str], weights: int) -> None:
    raise TrmbenchError(
        f"compiled by torch {torch.__version__}, the training step has other gradients than plain,"
        f" of {len(wrong)} of {weights} weights, such as {wrong[0]}",
        _WAY_OUT,
    )
