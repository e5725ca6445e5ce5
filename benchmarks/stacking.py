"""Five stacked seeds against five separate trials, by wall time: `python benchmarks/stacking.py`.

The separate trials run two at a time, one thread each, as the local runner does it on two cores;
the fifth is alone. The stack is one process with one or two threads. All are measured in turn, so
that what else the machine does hits all alike; on a busy machine the CPU times say more.
"""

from __future__ import annotations

import itertools
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import torch

from trmbench.assembly import Assembly
from trmbench.experiment import choose_cells
from trmbench.training.loop import Trainer
from trmbench.training.stacked import StackedTrainer

SEEDS, ROUNDS = 5, 10


def trainer(seed: int) -> Trainer:
    """A trial of TRM on the mini maze."""
    [cell] = choose_cells(["trm"], ["maze"], "mini", None, {"execution.device": "cpu"}).cells
    parts = Assembly(cell.trial(seed, "unused"), train_base=lambda trial: None)
    return parts.trainer()


def serve(seeds: int, threads: int) -> None:
    """Train as many steps as each line of the input says; print wall and CPU seconds per step."""
    torch.set_num_threads(threads)
    trainers = [trainer(seed) for seed in range(seeds)]
    step: Callable[[], None] = (
        StackedTrainer(trainers).train_step if seeds > 1 else trainers[0].train_step
    )
    for line in itertools.chain(["5"], sys.stdin):
        wall, cpu = time.perf_counter(), time.process_time()
        for _ in range(int(line)):
            step()
        seconds = time.perf_counter() - wall, time.process_time() - cpu
        print(json.dumps([each / int(line) for each in seconds]), flush=True)


def start(seeds: int, threads: int) -> subprocess.Popen[str]:
    """A process that serves, warmed up."""
    command = [sys.executable, __file__, str(seeds), str(threads)]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
    read(process)
    return process


def read(process: subprocess.Popen[str]) -> list[float]:
    """Its answer."""
    assert process.stdout is not None
    seconds: list[float] = json.loads(process.stdout.readline())
    return seconds


def measure(processes: list[subprocess.Popen[str]], steps: int) -> list[list[float]]:
    """Wall and CPU seconds per step of processes side by side."""
    for process in processes:
        assert process.stdin is not None
        print(steps, file=process.stdin, flush=True)
    return [read(process) for process in processes]


def main() -> None:
    """Print the medians and the ratio."""
    separate, one, two = [start(1, 1), start(1, 1)], start(SEEDS, 1), start(SEEDS, 2)
    processes = [*separate, one, two]
    found: dict[str, list[list[float]]] = {}
    for _ in range(ROUNDS):
        for name, asked, steps in (
            ("separate, two side by side", separate, 10),
            ("separate, alone", separate[:1], 10),
            ("five stacked, one thread", [one], 4),
            ("five stacked, two threads", [two], 4),
        ):
            found.setdefault(name, []).extend(measure(asked, steps))
    wall: dict[str, Any] = {}
    cpu: dict[str, Any] = {}
    for name, seconds in found.items():
        wall[name], cpu[name] = map(statistics.median, zip(*seconds, strict=True))
        print(f"{name:28} {1e3 * wall[name]:7.1f} ms/step, CPU {1e3 * cpu[name]:7.1f} ms/step")
    five = 2 * wall["separate, two side by side"] + wall["separate, alone"]
    for name in list(found)[2:]:
        work = SEEDS * cpu["separate, alone"] / cpu[name]
        print(f"{name}: {five / wall[name]:.2f}x by wall time, {work:.2f}x by CPU time")
    for process in processes:
        process.communicate()


if __name__ == "__main__":
    serve(*map(int, sys.argv[1:])) if len(sys.argv) > 1 else main()
