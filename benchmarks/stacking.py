"""Five stacked seeds against five separate trials, by wall time: `python benchmarks/stacking.py`.

The separate trials run two at a time, one thread each, as the local runner does it on two cores;
the fifth is alone. The stack is one process with one or two threads. Both are measured as they are
and compiled (`execution.compile`), all in turn, so that what else the machine does hits all alike;
on a busy machine the CPU times say more.
"""

from __future__ import annotations

import itertools
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import torch

from trmbench.experiment.cells import choose_cells
from trmbench.training.stacked.trainer import StackedTrainer
from trmbench.training.trainer import Trainer
from trmbench.trial.build import TrialParts

SEEDS, ROUNDS = 5, 10


def trainer(seed: int, compiled: bool) -> Trainer:
    """A trial of TRM on the mini maze."""
    settings = {"execution.device": "cpu", "execution.compile": compiled}
    [cell] = choose_cells(["trm"], ["maze"], "mini", None, settings).cells
    parts = TrialParts(cell.trial(seed, "unused"))
    return parts.trainer()


def serve(seeds: int, threads: int, compiled: bool) -> None:
    """Train as many steps as each line of the input says; print wall and CPU seconds per step."""
    torch.set_num_threads(threads)
    trainers = [trainer(seed, compiled) for seed in range(seeds)]
    step: Callable[[], None] = (
        StackedTrainer(trainers).train_step if seeds > 1 else trainers[0].train_step
    )
    for line in itertools.chain(["5"], sys.stdin):
        wall, cpu = time.perf_counter(), time.process_time()
        for _ in range(int(line)):
            step()
        seconds = time.perf_counter() - wall, time.process_time() - cpu
        print(json.dumps([each / int(line) for each in seconds]), flush=True)


def start(seeds: int, threads: int, compiled: bool) -> subprocess.Popen[str]:
    """A process that serves, warmed up."""
    command = [sys.executable, __file__, str(seeds), str(threads), str(int(compiled))]
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
    """Print the medians and the ratios to separate trials that are not compiled."""
    configurations: dict[str, tuple[list[subprocess.Popen[str]], int]] = {}
    for compiled, suffix in ((False, ""), (True, ", compiled")):
        separate = [start(1, 1, compiled), start(1, 1, compiled)]
        configurations |= {
            f"separate, two side by side{suffix}": (separate, 10),
            f"separate, alone{suffix}": (separate[:1], 10),
            f"five stacked, one thread{suffix}": ([start(SEEDS, 1, compiled)], 4),
            f"five stacked, two threads{suffix}": ([start(SEEDS, 2, compiled)], 4),
        }
    found: dict[str, list[list[float]]] = {name: [] for name in configurations}
    for _ in range(ROUNDS):
        for name, (processes, steps) in configurations.items():
            found[name].extend(measure(processes, steps))
    wall: dict[str, float] = {}
    cpu: dict[str, float] = {}
    for name, seconds in found.items():
        wall[name], cpu[name] = map(statistics.median, zip(*seconds, strict=True))
        print(f"{name:37} {1e3 * wall[name]:7.1f} ms/step, CPU {1e3 * cpu[name]:7.1f} ms/step")
    for suffix in ("", ", compiled"):
        pair, alone = f"separate, two side by side{suffix}", f"separate, alone{suffix}"
        wall[f"five separate{suffix}"] = 2 * wall[pair] + wall[alone]
        cpu[f"five separate{suffix}"] = SEEDS * cpu[pair]
    for name in (name for name in wall if name.startswith("five ") and name != "five separate"):
        faster, work = (times["five separate"] / times[name] for times in (wall, cpu))
        print(f"{name}: {faster:.2f}x by wall time, {work:.2f}x by CPU time")
    for processes, _ in configurations.values():
        for process in processes:
            process.kill()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        seeds, threads, compiled = map(int, sys.argv[1:])
        serve(seeds, threads, bool(compiled))
    else:
        main()
