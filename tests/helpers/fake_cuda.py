"""The memory of a training step on a CUDA device that is not there: shapes without numbers.

Run as a program with the built `fake_cuda.cpp`, which must be loaded before torch:

    python fake_cuda.py LIBRARY MODEL TASK BATCH MICRO_BATCH PRECISION

It prints the most bytes of all tensors alive at a time in a training step of preset `paper`.
"""

from __future__ import annotations

import ctypes
import sys
import weakref

if __name__ == "__main__":
    ctypes.CDLL(sys.argv[1], ctypes.RTLD_GLOBAL)

import torch
import torch.nn.functional as F
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from trmbench.bench.subject import subject
from trmbench.spec import Batch
from trmbench.streams import Streams
from trmbench.training import optim
from trmbench.training.trainer import Trainer

META, CUDA = torch.device("meta"), torch.device("cuda")


class Alive(TorchDispatchMode):
    """The bytes of the storages that operations made and that are still referred to."""

    def __init__(self) -> None:
        super().__init__()
        self.peak = 0
        self.sizes: weakref.WeakKeyDictionary[torch.UntypedStorage, int] = (
            weakref.WeakKeyDictionary()
        )

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        out = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(out):
            if isinstance(leaf, torch.Tensor):
                self.sizes[leaf.untyped_storage()] = leaf.untyped_storage().nbytes()
        self.peak = max(self.peak, sum(self.sizes.values()))
        return out


def fused_attention(query, key, value):  # type: ignore[no-untyped-def]
    """Compute as CUDA does below float64; without a GPU torch would take the plain formula."""
    return torch.ops.aten._scaled_dot_product_flash_attention(query, key, value)[0]


def peak_bytes(model: str, task: str, batch: int, micro_batch: int, precision: str) -> int:
    """Take two training steps, the second of which has the optimiser's averages."""
    settings = {
        "train.batch_size": batch,
        "train.halting": False,  # it draws from a generator of the device
        "execution.micro_batch": micro_batch,
        "train.precision": precision,
    }
    parts = subject(model, task, "paper", settings, {}).parts
    network = parts.model_without_base(META)  # there nothing is drawn
    optim.int = lambda number: 2  # type: ignore[attr-defined]  # a fake tensor has no number
    if precision != "float64":
        F.scaled_dot_product_attention = fused_attention
    with FakeTensorMode(allow_non_fake_inputs=True), Alive() as alive:
        network.to_empty(device=CUDA)
        tokens = torch.zeros((batch, parts.task.info.seq_len), dtype=torch.long, device=CUDA)
        puzzles = Batch(tokens, tokens, tokens[:, 0], tokens[:, 0])
        trainer = Trainer(
            network,
            lambda step: puzzles,
            parts.total_steps,
            parts.train,
            parts.execution,
            parts.optimizer_entry.spec,
            Streams(0, torch.device("cpu")),
            schedule=parts.schedule,
        )
        trainer.train_step()
        trainer.train_step()
    return alive.peak


if __name__ == "__main__":
    print(peak_bytes(*sys.argv[2:4], int(sys.argv[4]), int(sys.argv[5]), sys.argv[6]))
