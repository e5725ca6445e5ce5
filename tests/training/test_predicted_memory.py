"""The memory of a training step is known beforehand."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers import fake_cuda
from helpers.trainers import FEW_SMALL_STEPS, maze_trainer
from torch.profiler import ProfilerActivity, profile

from trmbench.bench.subject import subject
from trmbench.experiment.cells import choose_cells
from trmbench.training.memory import StepMemory
from trmbench.training.workers import ONE_WORKER
from trmbench.trial import memory
from trmbench.trial.build import TrialParts


def parts_of(model: str, **settings: Any) -> TrialParts:
    given = {"task.train_puzzles": 64, "task.test_puzzles": 8, "train.batch_size": 64, **settings}
    [cell] = choose_cells([model], ["maze"], "mini", None, given).cells
    return TrialParts(cell.trial(0, "unused"))


def predicted(parts: TrialParts, device: str = "cpu") -> int:
    found = memory.step_memory(parts, lambda: parts.model_without_base(torch.device(device)))
    return found.peak(parts.train.batch_size, parts.execution.micro_batch)


def measured(parts: TrialParts, file: Path) -> int:
    """The most bytes that torch has of its allocator in two training steps."""
    parts.task.split("train")
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as trace:
        trainer = parts.trainer()
        trainer.train_step()
        trainer.train_step()
    trace.export_chrome_trace(str(file))
    events = json.loads(file.read_text())["traceEvents"]
    told = sorted((e for e in events if e.get("name") == "[memory]"), key=lambda e: e["ts"])
    total = [event["args"]["Total Allocated"] for event in told]
    return int(max(total) - total[0] + told[0]["args"]["Bytes"])


@pytest.mark.parametrize(
    ("model", "micro_batch", "precision"),
    [
        ("trm", 16, "float32"),
        ("hrm", None, "float32"),
        ("direct", None, "float32"),
        ("trm", 16, "float64"),
    ],
)
def test_a_mini_training_takes_the_memory_that_is_predicted(
    model: str, micro_batch: int | None, precision: str, tmp_path: Path
) -> None:
    settings = {"execution.micro_batch": micro_batch, "train.precision": precision}
    parts = parts_of(model, **settings)
    assert predicted(parts) == pytest.approx(measured(parts, tmp_path / "trace"), rel=0.05)


@pytest.fixture(scope="module")
def fake_gpu(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library with which torch knows CUDA devices."""
    compiler = shutil.which("g++")
    if compiler is None:
        pytest.skip("no C++ compiler")
    if torch.version.cuda is not None:
        pytest.skip("this torch knows CUDA devices by itself, and wants real ones")
    library = tmp_path_factory.mktemp("fake_cuda") / "fake_cuda.so"
    torch_folder = Path(torch.__file__).parent
    source = Path(fake_cuda.__file__).with_suffix(".cpp")
    links = [f"-L{torch_folder}/lib", f"-Wl,-rpath,{torch_folder}/lib", "-lc10", "-ltorch_cpu"]
    options = ["-std=c++20", "-O1", "-shared", "-fPIC", f"-I{torch_folder}/include"]
    subprocess.run([compiler, *options, str(source), *links, "-o", str(library)], check=True)
    return library


@pytest.mark.slow
@pytest.mark.parametrize(
    ("task", "micro_batch", "precision"),
    [("sudoku", 768, "bfloat16"), ("maze", 384, "bfloat16"), ("maze", 768, "float64")],
)
def test_a_published_training_takes_the_memory_that_is_predicted(
    task: str, micro_batch: int, precision: str, fake_gpu: Path
) -> None:
    settings = {"train.precision": precision, "execution.micro_batch": micro_batch}
    parts = subject("trm", task, "paper", settings, {}).parts
    parts.device = torch.device("cuda")
    asked = [str(fake_gpu), "trm", task, "768", str(micro_batch), precision]
    program = [sys.executable, fake_cuda.__file__, *asked]
    done = subprocess.run(program, check=True, capture_output=True, text=True)
    assert predicted(parts, "meta") == pytest.approx(int(done.stdout.split()[-1]), rel=0.1)


def test_the_micro_batch_is_halved_until_it_fits() -> None:
    found = StepMemory(few=[1000, 30, 10], more=[1000, 40, 12])
    assert found.peak(1000) == 30 + 998 * 10
    assert found.peak(1000, 500) == 30 + 498 * 10 + 3 * 500 * 2
    assert found.largest_part(1000, room=8500) == 500
    assert found.largest_part(1000, room=8000) == 250
    assert found.largest_part(1000, room=0) == 1


def test_a_training_that_does_not_fit_into_its_gpu_takes_fewer_puzzles_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parts = parts_of("trm")
    model, needed = parts.model, predicted(parts)
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    said: list[str] = []
    monkeypatch.setattr(memory, "available_memory", lambda device: needed / 2)
    memory.fit_into_memory(model, parts, ONE_WORKER, said.append)
    assert parts.execution.micro_batch is None and not said  # on a CPU nothing is changed
    parts.device = torch.device("cuda")
    memory.fit_into_memory(model, parts, ONE_WORKER, said.append)
    assert parts.execution.micro_batch == 16
    assert parts.trial.config["execution"]["micro_batch"] == 16
    assert len(said) == 1 and said[0].startswith(
        "trains 16 puzzles at a time: 64 would take 0.0 GB"
    )
    assert all(torch.equal(weight, before[name]) for name, weight in model.state_dict().items())
    monkeypatch.setattr(memory, "available_memory", lambda device: 100 * needed)
    memory.fit_into_memory(model, parts, ONE_WORKER, said.append)
    assert len(said) == 1


def test_a_rehearsal_changes_no_number_of_the_trial() -> None:
    trainer = maze_trainer(FEW_SMALL_STEPS)
    state = torch.get_rng_state()
    predicted(parts_of("trm", **FEW_SMALL_STEPS))
    assert torch.equal(torch.get_rng_state(), state)
    trainer.train_step()
