"""The memory that a training step takes, found by rehearsing it with two and three puzzles."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter

from trmbench.spec import Batch, RecursiveModel
from trmbench.spec.optimizers import OptimizerSpec
from trmbench.spec.settings import ExecutionSettings, TrainSettings
from trmbench.streams import Streams
from trmbench.training.trainer import Trainer
from trmbench.training.weights import module_of

FEW = 2
"""Puzzles of the smaller rehearsal; with a single one, some copies are views."""
CARRIED_COPIES = 3
"""Of what is carried from step to step: the last one's, this one's, and what becomes the next's."""


class StepMemory(NamedTuple):
    """Bytes in use after each operation of a training step.

    No puzzle sees another, so that they grow with the puzzles by the same number each.
    """

    few: Sequence[int]
    """With `FEW` puzzles; the last number is what stays between two steps."""
    more: Sequence[int]
    """With one puzzle more."""

    def peak(self, batch_size: int, micro_batch: int | None = None) -> int:
        """Predict the most bytes in use during a step.

        Args:
            batch_size: puzzles of a step.
            micro_batch: puzzles whose gradients are computed at a time; None = all.
        """
        at_a_time = min(micro_batch or batch_size, batch_size)
        growth = [more - few for few, more in zip(self.few, self.more, strict=True)]
        waiting = CARRIED_COPIES * growth[-1] * (batch_size - at_a_time)
        whole = (few + (at_a_time - FEW) * each for few, each in zip(self.few, growth, strict=True))
        return max(whole) + waiting

    def largest_batch(self, batch_size: int, room: float) -> int:
        """Halve the batch until its step needs no more than `room` bytes, or it is 1."""
        while batch_size > 1 and self.peak(batch_size) > room:
            batch_size //= 2
        return batch_size

    def largest_part(self, batch_size: int, room: float, micro_batch: int | None = None) -> int:
        """Halve the micro-batch until its step needs no more than `room` bytes, or it is 1."""
        size = min(micro_batch or batch_size, batch_size)
        while size > 1 and self.peak(batch_size, size) > room:
            size //= 2
        return size


def rehearse(
    build: Callable[[], RecursiveModel],
    seq_len: int,
    settings: TrainSettings,
    execution: ExecutionSettings,
    optimizer: OptimizerSpec,
    schedule: Mapping[str, int],
    fused_attention: bool = True,
) -> StepMemory:
    """Take training steps of a model, uncompiled, and see what memory they take.

    On the `meta` device no number is computed.

    Args:
        build: makes the model, on any device; what it makes is changed.
        seq_len: tokens of a puzzle.
        settings: the `train` section.
        execution: the `execution` section.
        optimizer: what trains the weights.
        schedule: the model's whole numbers.
        fused_attention: attention is one operation that keeps no scores, as on CPUs and, below
            float64, on GPUs.
    """
    plain = replace(execution, compile=False, micro_batch=None)

    def timeline(size: int) -> list[int]:
        some = replace(settings, batch_size=size, halting=False)
        attention = _FusedAttention() if fused_attention else sdpa_kernel(SDPBackend.MATH)
        with _InUse() as in_use, attention:
            model = build()
            in_use.note([*module_of(model).parameters(), *module_of(model).buffers()])
            device = next(module_of(model).parameters()).device
            puzzles = _zeros(size, seq_len, device)
            trainer = Trainer(
                model,
                lambda step: puzzles,
                total_steps=2,
                settings=some,
                execution=plain,
                optimizer=optimizer,
                streams=Streams(0, torch.device("cpu")),
                schedule=lambda progress: schedule,
            )
            trainer.train_step()  # makes what stays, such as the optimiser's averages
            in_use.timeline.clear()
            trainer.train_step()
            return [*in_use.timeline, in_use.bytes]

    with _generators_kept():
        return StepMemory(timeline(FEW), timeline(FEW + 1))


def _zeros(size: int, seq_len: int, device: torch.device) -> Batch:
    """Make puzzles of nothing but zeros."""
    tokens = torch.zeros((size, seq_len), dtype=torch.long, device=device)
    return Batch(tokens, tokens, tokens[:, 0], tokens[:, 0])


class _InUse(TorchDispatchMode):
    """Follows the bytes of the tensors that operations make, and of those that are noted."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.bytes = 0
        self.timeline: list[int] = []
        """After each operation."""
        self._known: set[int] = set()

    def note(self, tensors: object) -> None:
        """Count tensors, in whatever containers, once each until they are freed."""
        for tensor in tree_iter(tensors):
            if not isinstance(tensor, Tensor):
                continue
            storage = tensor.untyped_storage()
            if storage._cdata not in self._known:
                self._known.add(storage._cdata)
                self.bytes += storage.nbytes()
                weakref.finalize(storage, self._freed, storage._cdata, storage.nbytes())

    def _freed(self, storage: int, size: int) -> None:
        self._known.discard(storage)
        self.bytes -= size

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        self.note(out)
        self.timeline.append(self.bytes)
        return out


class _FusedAttention(TorchFunctionMode):
    """Replaces attention on `meta`, where it would keep the scores, by one that keeps none."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func is F.scaled_dot_product_attention and len(args) == 3 and args[0].is_meta:
            known = {"attn_mask", "dropout_p", "is_causal", "scale"}
            if kwargs.keys() <= known:
                fused = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
                return fused(*args, **kwargs)[0]
        return func(*args, **kwargs)


@contextmanager
def _generators_kept() -> Iterator[None]:
    """Leave torch's generators as they are: a rehearsal changes no number of the trial."""
    used = [torch.cuda.current_device()] if torch.cuda.is_initialized() else []
    with torch.random.fork_rng(used):
        yield
