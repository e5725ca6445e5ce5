"""A compiled training step starts few operations outside its compiled parts.

Counted on the `meta` device by a dispatch mode: on a GPU each of them is the start of a kernel.
"""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import torch
from helpers.meta import META, train_on_meta
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter

from trmbench.bench.subject import subject

ALLOCATIONS = {"aten::empty", "aten::empty_like", "aten::empty_strided", "aten::detach"}


class Launches(TorchDispatchMode):
    """Counts, by our lines, the operations that compute something outside compiled code."""

    def __init__(self) -> None:
        super().__init__()
        self.found: Counter[str] = Counter()
        self.inside = 0

    def compiled(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, which counts as compiled."""

        def call(*arguments: Any, **keywords: Any) -> Any:
            self.inside += 1
            try:
                return function(*arguments, **keywords)
            finally:
                self.inside -= 1

        return call

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        tensors = [each for each in tree_iter((out, args)) if isinstance(each, torch.Tensor)]
        computes = not func.is_view and func._schema.name not in ALLOCATIONS
        if computes and not self.inside and any(each.device == META for each in tensors):
            frames = [each for each in traceback.extract_stack() if "/trmbench" in each.filename]
            line = f"{frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}"
            self.found[f"{line} {func._schema.name}"] += 1
        return out


@pytest.mark.parametrize("how", [True, pytest.param("graphs", marks=pytest.mark.slow)])
def test_a_compiled_step_starts_few_operations_outside_its_graphs(
    how: bool | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    train_on_meta(monkeypatch)
    monkeypatch.setattr("trmbench.trial.build.require_graphs", lambda device: None)
    launches = Launches()
    monkeypatch.setattr(torch, "compile", lambda function, **_: launches.compiled(function))
    monkeypatch.setattr(torch.autograd, "backward", launches.compiled(torch.autograd.backward))
    monkeypatch.setattr("trmbench.training.step.compare_gradients", lambda *_: None)
    monkeypatch.setattr("trmbench.training.compilation._compare_results", lambda *_: None)
    trainer = subject("trm", "sudoku", "paper", {"execution.compile": how}, {}).parts.trainer()
    for _ in range(2):  # makes what stays, and is compared with the plain step
        trainer.train_step()
    with launches:
        trainer.train_step()
    assert 20 < launches.found.total() <= 60, launches.found
