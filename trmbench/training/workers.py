"""The workers of a trial: one process that does all, or several that share every batch.

In data-parallel training each worker holds the whole model and, of every batch, a contiguous share
of the slots. Gradients are summed before each update, so all workers keep the same weights, and
these are the weights of a single process but for the order of floating-point additions.

A worker's error becomes everybody's at the next message (`highest`, `decide`), which all workers
exchange before they wait for each other's tensors. One that fails between a message and the tensors
is waited for in vain, but not for long; with the tensors then under way nobody goes on.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Protocol

import torch
import torch.distributed as dist
from torch import Tensor

from trmbench.errors import TrmbenchError

_PATIENCE = timedelta(days=30)
"""Of messages: workers wait for their leader while it tests; a lost one ends the group anyway."""
LONGEST_WAIT = timedelta(seconds=50)
"""Of tensors: all workers are about to send theirs, or one of them has failed."""
_FAILED = -1


class Workers(Protocol):
    """The processes that train a trial; all of them call the same methods in the same order."""

    size: int
    """How many there are."""
    leads: bool
    """Whether this one decides, tests, and writes files."""

    def share(self, count: int) -> slice:
        """This worker's part of `count` slots.

        Raises:
            TrmbenchError: they cannot be shared out evenly.
        """
        ...

    def sum_(self, tensors: Iterable[Tensor]) -> None:
        """Add up tensors of one dtype over the workers, in place."""
        ...

    def totals(self, figures: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Scalars added up over the workers."""
        ...

    def gather(self, tensor: Tensor) -> Tensor:
        """The shares (B / workers, ...) of all workers as one tensor (B, ...)."""
        ...

    def meet(self) -> None:
        """Wait until all workers have got as far.

        Raises:
            FailedElsewhere: another worker failed.
        """
        ...

    def highest(self, number: int) -> int:
        """The highest of the numbers >= 0 that the workers name.

        Raises:
            FailedElsewhere: another worker failed.
        """
        ...

    def decide(self, value: Any) -> Any:
        """The leader's value, which may be anything that can be pickled.

        Raises:
            FailedElsewhere: another worker failed.
        """
        ...

    def first_failure(self, error: Exception) -> Exception:
        """Tell the others of an error, if they do not know; returns what all take for the cause."""
        ...


class OneWorker(Workers):
    """One process, which has nobody to talk to."""

    size = 1
    leads = True

    def share(self, count: int) -> slice:
        return slice(0, count)

    def sum_(self, tensors: Iterable[Tensor]) -> None:
        pass

    def totals(self, figures: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        return figures

    def gather(self, tensor: Tensor) -> Tensor:
        return tensor

    def meet(self) -> None:
        pass

    def highest(self, number: int) -> int:
        return number

    def decide(self, value: Any) -> Any:
        return value

    def first_failure(self, error: Exception) -> Exception:
        return error


ONE_WORKER: Workers = OneWorker()


class FailedElsewhere(Exception):
    """What is raised in a worker when another one failed."""

    def __init__(self, error: Exception) -> None:
        super().__init__(f"another worker failed: {error}")
        self.error = error


class Unanswered(RuntimeError):
    """What is raised in a worker that waited in vain for the tensors of another."""


class DistributedWorkers(Workers):
    """The processes of torch.distributed's default group, which must be there; rank 0 leads.

    Tensors go through a group of that kind (NCCL or gloo), which is replaced when a worker failed;
    messages go through one of their own on the CPU, so that a message does not wait for a GPU.
    """

    def __init__(self) -> None:
        self.rank, self.size = dist.get_rank(), dist.get_world_size()
        self.leads = self.rank == 0
        self._messages = dist.new_group(backend="gloo", timeout=_PATIENCE)
        self._tensors = dist.new_group(timeout=LONGEST_WAIT)

    def share(self, count: int) -> slice:
        each, left = divmod(count, self.size)
        if left:
            raise TrmbenchError(
                f"a batch of {count} puzzles cannot be shared by {self.size} workers",
                "choose a train.batch_size that is a multiple of their number",
            )
        return slice(self.rank * each, (self.rank + 1) * each)

    def sum_(self, tensors: Iterable[Tensor]) -> None:
        parts = list(tensors)
        if not parts:
            return
        flat = torch.cat([part.reshape(-1) for part in parts])
        with _answered():
            dist.all_reduce(flat, group=self._tensors)
        summed = flat.split([part.numel() for part in parts])
        torch._foreach_copy_(parts, [s.view_as(p) for s, p in zip(summed, parts, strict=True)])

    def totals(self, figures: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        stacked = torch.stack([figure.detach().double() for figure in figures.values()])
        with _answered():
            dist.all_reduce(stacked, group=self._tensors)
        return dict(zip(figures, stacked.unbind(), strict=True))

    def gather(self, tensor: Tensor) -> Tensor:
        ours = tensor.detach().contiguous().view(torch.uint8)  # not every backend knows every dtype
        shares = [torch.empty_like(ours) for _ in range(self.size)]
        with _answered():
            dist.all_gather(shares, ours, group=self._tensors)
        return torch.cat(shares).view(tensor.dtype)

    def meet(self) -> None:
        self.highest(0)

    def highest(self, number: int) -> int:
        numbers = self._exchange(number)
        if min(numbers) == _FAILED:
            raise FailedElsewhere(self._first_error(None))
        return max(numbers)

    def decide(self, value: Any) -> Any:
        self.meet()
        box = [value if self.leads else None]
        dist.broadcast_object_list(box, src=0, group=self._messages)
        return box[0]

    def first_failure(self, error: Exception) -> Exception:
        if isinstance(error, FailedElsewhere):
            return error.error
        self._exchange(_FAILED)
        return self._first_error(_portable(error))

    def _exchange(self, number: int) -> list[int]:
        numbers = [torch.empty(1, dtype=torch.int64) for _ in range(self.size)]
        dist.all_gather(numbers, torch.tensor([number]), group=self._messages)
        return [int(each) for each in numbers]

    def _first_error(self, error: Exception | None) -> Exception:
        errors: list[Exception | None] = [None] * self.size
        dist.all_gather_object(errors, error, group=self._messages)
        self._renew_tensors()
        told = [each for each in errors if each is not None]
        return min(told, key=lambda each: isinstance(each, Unanswered))  # the cause comes first

    def _renew_tensors(self) -> None:
        """Give up the tensors under way, which some workers may never have sent; all call this."""
        if dist.get_backend(self._tensors) == "nccl":
            self._tensors.abort()  # else its GPU waits for them
        dist.destroy_process_group(self._tensors)
        self._tensors = dist.new_group(timeout=LONGEST_WAIT)


@contextmanager
def _answered() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        raise Unanswered(f"another worker's tensors did not come: {error}") from error


def _portable(error: Exception) -> Exception:
    """The error, or its words if it cannot travel."""
    try:
        travelled: Exception = pickle.loads(pickle.dumps(error))
    except Exception:  # a plugin's exception may do anything when it is pickled
        return RuntimeError(f"{type(error).__name__}: {error}")
    return travelled
