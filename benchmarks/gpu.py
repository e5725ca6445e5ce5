"""What is to be seen on a GPU, in three calls of at most ten minutes each:

    python benchmarks/gpu.py correctness OUT
    python benchmarks/gpu.py rates OUT
    python benchmarks/gpu.py training OUT --data FOLDER

Each prints its rows as they are measured and keeps them in OUT as Parquet, so that a call that is
cut off loses none; a training that is cut off goes on with the same call. `--tiny` does the same
with few steps of small models, on any machine.
"""

from __future__ import annotations

import argparse
import functools
import math
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import torch
from torch import Tensor

import trmbench
from trmbench.bench.cells import Wanted, measurements
from trmbench.bench.measure import Skipped
from trmbench.bench.subject import subject
from trmbench.bench.table import HEADINGS, line, record, row
from trmbench.errors import one_line
from trmbench.machine import choose_device, device_name
from trmbench.store.checkpoints import RunningCheckpoints
from trmbench.training.stacked.trainer import StackedTrainer
from trmbench.training.trainer import Trainer

STEPS = 20
CLOSE = {"float64": 1e-6, "float32": 1e-2, "bfloat16": math.inf}
"""The largest relative difference of weights that rounding explains, by precision.

In bfloat16 the sign of a small gradient, and with it a whole update, may turn: the compiled step
compares its gradients itself, and raises."""
SMALL = {"model.width": 16, "train.batch_size": 8}
CELLS = [("trm", "sudoku"), ("trm", "maze"), ("hrm", "sudoku"), ("hrm", "maze")]


@dataclass
class Rows:
    """Rows of one table, all of them written again with each new one."""

    file: Path
    rows: list[dict[str, Any]] = field(default_factory=list)

    def add(self, found: Mapping[str, Any]) -> None:
        """Keep a row, next to where and with what it was found."""
        where = {"torch": torch.__version__, "written_at": time.strftime("%Y-%m-%d %H:%M:%S")}
        self.rows.append({**where, **found})
        pq.write_table(pa.Table.from_pylist(self.rows), self.file)


def trainer(device: str, seed: int = 0, cell: tuple[str, str] = CELLS[1], **given: Any) -> Trainer:
    """Make the trainer of a mini trial with the given dotted settings."""
    fixed = {"execution.device": device, "train.steps": 1000, "train.warmup_steps": 1}
    parts = subject(*cell, "mini", {**given, **fixed}, {}).parts
    parts.trial = trmbench.Trial(**{**vars(parts.trial), "seed": seed})
    return parts.trainer()


def taught(trained: Trainer, steps: int) -> dict[str, Tensor]:
    """Train so many steps and copy the weights."""
    for _ in range(steps):
        trained.train_step()
    return {name: weight.detach().to("cpu", copy=True) for name, weight in trained.weights.items()}


def apart(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> float:
    """Find the largest relative difference of any weight."""
    return max(
        float((one[name] - other[name]).norm() / one[name].norm().clamp_min(1e-30)) for name in one
    )


def checks(device: str, small: Mapping[str, Any]) -> Iterator[tuple[str, Callable[[], float]]]:
    """Yield each check: its name, and what gives the difference that should be 0 or rounding."""

    def made(seed: int = 0, on: str = device, cell: Any = CELLS[1], **given: Any) -> Trainer:
        return trainer(on, seed, cell, **{**small, **given})

    def as_on_cpu() -> float:
        plain = {"train.precision": "float64", "train.halting": False, "task.augment": False}
        return apart(*(taught(made(on=on, **plain), 5) for on in ("cpu", device)))

    def resumed() -> float:
        whole, first, then = made(), made(), made()
        taught(first, 3)
        with tempfile.TemporaryDirectory() as folder:
            kept = RunningCheckpoints(Path(folder), print)
            first.save(kept)
            kept.wait()
            found = kept.load_latest()
        assert found is not None
        then.restore(*found)
        return apart(taught(whole, 6), taught(then, 3))

    def stacked() -> float:
        seeds = [made(0), made(1)]
        stack = StackedTrainer(seeds)
        for _ in range(5):
            stack.train_step()
        stack.unstack()
        return max(apart(taught(made(n), 5), taught(seeds[n], 0)) for n in (0, 1))

    def compiled(precision: str) -> float:
        given = {"train.precision": precision}
        ways = ({"execution.compile": False}, {"execution.compile": True})
        return apart(*(taught(made(**given, **way), 2) for way in ways))

    yield "the same seed twice, bit for bit", lambda: apart(*(taught(made(), STEPS) for _ in "ab"))
    yield "float64 as on the CPU", as_on_cpu
    yield "resumed from a checkpoint, bit for bit", resumed
    yield "stacked seeds, float32", stacked
    if device == "cpu":
        return
    for cell in [*CELLS, ("trm", "nonogram"), ("trm", "arc1")]:
        yield f"no wait for the host, {cell[0]} on {cell[1]}", lambda c=cell: waits(made(cell=c))
    for precision in ("float32", "bfloat16"):
        yield f"compiled as plain, {precision}", functools.partial(compiled, precision)


def waits(trained: Trainer) -> float:
    """Take a step in which whatever waits for the device raises."""
    taught(trained, 2)
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        trained.train_step()
    finally:
        torch.cuda.set_sync_debug_mode("default")
    return 0.0


def correctness(out: Path, tiny: bool) -> None:
    """Check the numbers of this device; a compiled step compares its gradients by itself."""
    device = choose_device("auto")
    rows = Rows(out / "correctness.parquet")
    for name, check in checks(device.type, SMALL if tiny else {}):
        most = next((share for kind, share in CLOSE.items() if kind in name), 0.0)
        difference, problem = math.inf, None
        try:
            difference = check()
        except Exception as error:  # the other checks go on
            problem = one_line(error)
        good = difference <= most
        told = {"difference": difference, "allowed": most, "problem": problem}
        rows.add({"device": device_name(device), "check": name, "good": good, **told})
        print("ok " if good else "BAD", name, problem or difference, flush=True)


def rates(out: Path, tiny: bool) -> None:
    """Measure plain steps, compiled ones and CUDA graphs, at the published shapes."""
    rows, cells = Rows(out / "rates.parquet"), CELLS[:1] if tiny else CELLS
    preset, ways = ("mini", [False]) if tiny else ("paper", [False, True, "graphs"])
    names = [(*cell, preset) for cell in cells]
    print(line(HEADINGS, names), flush=True)
    for model, task in cells:
        for compile in ways:
            given = {"execution.compile": compile, **(SMALL if tiny else {})}
            wanted = Wanted([model], [task], [preset], given)
            for found in measurements(wanted, seconds=3.0, calls=1 if tiny else None):
                if isinstance(found, Skipped):
                    print(model, task, found.step, f"compile={compile}: {found.reason}", flush=True)
                    continue
                [measured] = record([found])["measurements"]
                rows.add({**measured, "compile": str(compile)})
                print(line(row(found), names), f" compile={compile}", flush=True)


def training(out: Path, tiny: bool, data: Path | None, steps: int) -> None:
    """Train TRM on hard Sudokus and keep the curve of its accuracy against seconds."""
    settings: dict[str, Any] = {"train.steps": steps, "evaluation.limit": 1000}
    settings |= {"execution.compile": True, "execution.checkpoint_every": 30}
    if data is not None:
        settings["task.path"] = str(data)
    if tiny:
        settings |= {**SMALL, "train.steps": 4, "execution.compile": False, "evaluation.limit": 8}
    asked = {"preset": "mini" if tiny else "paper", "settings": settings, "progress": True}
    trials = trmbench.run("trm", "sudoku", results=(results := out / "results"), **asked)
    print(trials[["status", "device", "train_seconds", "score", "error"]].to_string(), flush=True)
    curve = trmbench.load(results, "curves")
    curve.to_parquet(out / "training.parquet")
    print(curve[["step", "seconds", "loss", "exact_accuracy"]].to_string(), flush=True)


def main() -> None:
    """Do one of the three calls."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("call", choices=["correctness", "rates", "training"])
    parser.add_argument("out", type=Path)
    parser.add_argument("--tiny", action="store_true")
    parser.add_argument("--data", type=Path, help="a folder with train.csv and test.csv")
    parser.add_argument("--steps", type=int, default=2500, help="of the training")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    if asked.call == "training":
        return training(asked.out, asked.tiny, asked.data, asked.steps)
    return (correctness if asked.call == "correctness" else rates)(asked.out, asked.tiny)


if __name__ == "__main__":
    main()
