"""What `trmbench bench` measures and says."""

from __future__ import annotations

import dataclasses
import itertools
import json
from pathlib import Path
from typing import Any

import click
import pytest
import torch
from torch.autograd import DeviceType
from torch.autograd.profiler_util import FunctionEvent

from trmbench.bench import timing
from trmbench.bench.cells import Wanted, named_cells
from trmbench.bench.measure import (
    Effort,
    Measurement,
    Skipped,
    StepKind,
    feasible,
    measure,
    memory_of,
)
from trmbench.bench.profile import idle_share, kernels
from trmbench.bench.subject import Subject, subject
from trmbench.bench.table import HEADINGS, line, quantity, row
from trmbench.cli.main import cli, run_command
from trmbench.config.compose import compose
from trmbench.plugin import registry
from trmbench.testing.running import visible_plugin

CPU = torch.device("cpu")
DIRECT = ["--model=direct", "--task=maze", "--preset=mini", "--device=cpu"]
SMALL = ["--set=train.batch_size=4", "--set=evaluation.batch_size=4"]

MEASURED = Measurement(
    model="trm",
    task="sudoku",
    preset="paper",
    step="train",
    device="cpu",
    precision="float32",
    threads=1,
    compiled=False,
    parameters=5_000_000,
    batch_size=8,
    seconds=2.0,
    flops=10**11,
    peak_flops_per_second=10**11,
    peak_memory_bytes=10**9,
    supervision_steps=16,
    trial_batch_size=768,
    trial_steps=65_104,
)


def test_rates_shares_and_the_projected_time_follow_from_the_time_of_a_step() -> None:
    assert MEASURED.flops_per_second == 5 * 10**10
    assert MEASURED.share_of_peak == 0.5
    assert MEASURED.puzzles_per_second == 4.0
    assert MEASURED.trial_seconds == 65_104 * 2.0 * 96
    tested = Measurement(**{**vars(MEASURED), "step": "test"})
    assert tested.puzzles_per_second == 0.25
    assert tested.trial_seconds is None


def test_the_table_names_what_was_measured() -> None:
    texts = row(MEASURED)
    assert texts[:6] == ("trm", "sudoku", "paper", "train", "float32", "8 of 768")
    assert texts[6:10] == ("0.5", "4", "50 G", "50.0")
    assert len(texts) == len(HEADINGS)
    names = [("trm", "sudoku", "paper"), ("direct", "maze", "mini")]
    headings, first = line(HEADINGS, names), line(texts, names)
    assert headings.index("task") == first.index("sudoku") == len("direct") + 2
    assert headings.index("batch") + len("batch") == first.index("8 of 768") + len("8 of 768")


@pytest.mark.parametrize(
    ("value", "text"), [(0.5, "0.5 "), (999, "999 "), (1e9, "1 G"), (6.54e14, "654 T")]
)
def test_quantities_have_a_prefix(value: float, text: str) -> None:
    assert quantity(value) == text


@pytest.mark.slow
def test_the_published_trial_is_known_without_its_data() -> None:
    found = subject("trm", "sudoku", "paper", {}, {"train.precision": "float32"})
    info = found.parts.task.info
    assert (info.seq_len, info.vocab_size) == (81, 11)
    assert found.steps == 50_000 * 1000 // 768
    assert found.parts.train.precision == "float32"
    assert found.batch_size == 768
    smaller = feasible(found, peak=1e11)
    assert smaller.parts.train.batch_size == 4  # 43 GFLOP a puzzle
    assert smaller.batch_size == 768
    assert feasible(found, peak=1e15) is found
    assert feasible(found, peak=1e15, room=60e9).parts.train.batch_size == 384  # float32


@pytest.mark.parametrize(
    ("task", "preset", "size"),
    [
        ("sudoku", "mini", 6),
        ("maze", "mini", 6),
        pytest.param("maze", "paper", 30, marks=pytest.mark.slow),
        pytest.param("nonogram", "paper", 15, marks=pytest.mark.slow),
    ],
)
def test_a_sample_has_the_shape_of_its_task(task: str, preset: str, size: int) -> None:
    found = subject("direct", task, preset, {}, {"train.precision": "float32", "train.steps": 7})
    rows, columns = found.parts.task.info.grid_shape
    assert min(rows, columns) >= size == found.trial.config["task"]["size"]
    assert len(found.parts.task.split("train")) == len(found.parts.task.split("test")) == 16
    assert found.steps == 7


def test_a_task_with_puzzle_options_needs_no_sample_of_its_own() -> None:
    maze = registry.tasks().find("maze").spec
    assert maze.sample is not None
    chosen = maze.options(size=8, source="generated", train_puzzles=9, min_path_length=4)
    given = maze.sample_of(chosen, 16)
    assert dataclasses.replace(maze, sample=None).sample_of(chosen, 16) == given
    assert given is not None
    assert (given.options.train_puzzles, given.options.size, given.train_puzzles) == (9, 8, 9)


def test_a_task_without_a_sample_is_loaded_as_it_is() -> None:
    with visible_plugin("toy", "trmbench.testing.toy"):
        found = subject(
            "direct", "toy-mirror", "mini", {"train.epochs": 4, "train.steps": None}, {}
        )
        assert len(found.parts.task.split("train")) == 64
        assert found.steps == 4 * 64 // found.batch_size


def test_a_call_is_timed_by_the_median_of_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = iter([9.0, 1.0, 2.0, 2.0, 50.0, 2.0, 2.0])  # two to warm up, then five
    clock = itertools.chain.from_iterable((0.0, took) for took in seconds)
    monkeypatch.setattr(timing.time, "perf_counter", lambda: next(clock))
    calls = 0

    def call() -> None:
        nonlocal calls
        calls += 1

    assert timing.seconds_per_call(call, CPU, seconds=1.0, calls=10) == 1.0
    assert calls == timing.WARM_UP + 10


@pytest.mark.parametrize(
    ("intervals", "share"),
    [
        ([], None),
        ([(0, 10)], 0.0),
        ([(0, 4), (6, 10)], 0.2),
        ([(6, 10), (0, 4), (1, 3)], 0.2),
        ([(0, 5), (3, 10)], 0.0),
    ],
)
def test_the_idle_share_is_what_no_kernel_covers(
    intervals: list[tuple[float, float]], share: float | None
) -> None:
    assert idle_share(intervals) == (share if share is None else pytest.approx(share))


def test_annotations_of_a_trace_are_no_kernels() -> None:
    def event(start: int, end: int, **told: Any) -> FunctionEvent:
        return FunctionEvent(0, "name", 0, start, end, **{"device_type": DeviceType.CUDA, **told})

    found = [event(0, 4), event(6, 10), event(0, 20, device_type=DeviceType.CPU)]
    annotated = [*found, event(0, 10, is_user_annotation=True)]
    assert kernels(annotated) == kernels(found) == [(0, 4), (6, 10)]


@pytest.mark.slow
def test_a_trial_is_measured_and_told_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["bench", *DIRECT, *SMALL, "--steps=2", "--format=json"]) == 0
    found = json.loads(capsys.readouterr().out)
    train, tested = found["measurements"]
    assert (train["step"], tested["step"]) == ("train", "test")
    assert train["batch_size"] == train["trial_batch_size"] == 4
    assert train["flops"] == 3 * tested["flops"] > 0  # one pass, and its backward pass
    for told in (train, tested):
        assert told["steps_per_second"] == pytest.approx(1 / told["seconds"])
        assert told["flops_per_second"] == pytest.approx(told["flops"] / told["seconds"])
        assert 0 < told["share_of_peak"] < 1.5
        assert told["peak_memory_bytes"] > 10**6
    assert train["trial_seconds"] == pytest.approx(train["trial_steps"] * train["seconds"])
    assert found["environment"]["packages"]["torch"] == torch.__version__


def short_of_memory(subject: Subject, step: StepKind, effort: Effort) -> Measurement:
    """Measure no more than 8 puzzles at a time, and no test."""
    size = subject.parts.train.batch_size
    if size > 8:
        raise torch.OutOfMemoryError("no room")
    if step == "test":
        raise RuntimeError("a fault\nof the model")
    return dataclasses.replace(MEASURED, step=step, batch_size=size)


def test_a_batch_is_halved_until_it_fits_and_a_fault_ends_no_other_measurement(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("trmbench.bench.measure._timed", short_of_memory)
    found = subject("direct", "maze", "mini", {}, {})
    assert found.batch_size == 32
    train, tested = measure(found, Effort(1e9, 1.0))
    assert isinstance(train, Measurement) and train.batch_size == 8
    assert isinstance(tested, Skipped) and tested.reason == "RuntimeError: a fault of the model"
    [large, _] = measure(found, Effort(1e9, 1.0, may_shrink=False))
    assert isinstance(large, Skipped) and large.reason == "OutOfMemoryError: no room"


def test_a_batch_is_chosen_by_the_memory_that_is_free() -> None:
    found = subject("direct", "maze", "mini", {}, {})
    memory = memory_of(found)
    assert memory is not None
    chosen = feasible(found, peak=1e15, room=memory.peak(20))
    assert chosen.parts.train.batch_size == 16


@pytest.mark.parametrize("form", ["table", "json"])
def test_what_was_measured_is_printed_whatever_comes_after(
    form: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(subject: Subject, step: StepKind, effort: Effort) -> Measurement:
        if step == "test":
            if form == "table":
                assert " 8 of 768 " in capsys.readouterr().out
            raise KeyboardInterrupt
        return MEASURED

    monkeypatch.setattr("trmbench.bench.measure._timed", interrupted)
    with pytest.raises(click.Abort):
        cli.main(["bench", *DIRECT, f"--format={form}"], standalone_mode=False)
    printed = capsys.readouterr().out
    if form == "json":
        assert [row["batch_size"] for row in json.loads(printed)["measurements"]] == [8]
    else:
        assert "Peak, as matrix products reach it here" in printed


def test_what_cannot_fit_is_not_even_tried_on_a_cpu(capsys: pytest.CaptureFixture[str]) -> None:
    large = "--set=train.batch_size=1000000"
    assert run_command(["bench", *DIRECT, large, "--steps=1"]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 3 and all("1000000 puzzles would take" in line for line in lines)


@pytest.mark.slow
def test_a_trace_of_training_steps_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "trace.json"
    assert run_command(["bench", *DIRECT, *SMALL, f"--profile={file}"]) == 0
    names = {event["name"] for event in json.loads(file.read_text())["traceEvents"]}
    assert {"aten::bmm", "aten::mm"} <= names
    assert str(file) in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--model=trn"], "did you mean 'trm'?"),
        (["--model=ptrm", "--task=maze", "--preset=mini"], "not trained by the harness"),
        (["--seconds=0"], "--seconds 2"),
        (["--steps=0"], "--seconds 2"),
        (["--profile=trace.json"], "name one --model"),
        ([*DIRECT, "--profile=no/such/trace.json"], "no folder no/such"),
        (["--device=abacus"], "abacus"),
        (["--set=train.epoch=3"], "train.epochs"),
    ],
)
def test_bad_input_is_told_in_one_line(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["bench", *arguments]) == 2
    [line] = capsys.readouterr().err.strip().splitlines()
    assert words in line


def test_the_standard_trials_exist() -> None:
    standard = named_cells(Wanted(), on_gpu=True)
    assert set(named_cells(Wanted(), on_gpu=False)) < set(standard)
    for model, task, preset in standard:
        compose(registry.models().find(model).spec, registry.tasks().find(task).spec, preset)


def test_what_is_not_named_is_taken_from_the_standard_trials() -> None:
    assert named_cells(Wanted(models=["hrm"], presets=["paper"]), on_gpu=False) == [
        ("hrm", "maze", "paper"),
        ("hrm", "sudoku", "paper"),
    ]
