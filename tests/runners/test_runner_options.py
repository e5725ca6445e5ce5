"""Options that belong to a runner: recorded with a trial, never part of what is learned."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch

from trmbench import RunnerSpec, TrmbenchError
from trmbench.cli.main import run_command
from trmbench.config.compose import compose
from trmbench.plugin import registry
from trmbench.runners import local
from trmbench.spec.settings import ExecutionSettings
from trmbench_ray.options import RayOptions

DRY = ["run", "--model=trm", "--task=maze", "--preset=mini", "--dry-run"]


def cell(runner: str | None, **settings: Any) -> Any:
    model, task = registry.models().find("trm").spec, registry.tasks().find("maze").spec
    spec = None if runner is None else registry.runners().find(runner).spec
    given = {key.replace("__", "."): value for key, value in settings.items()}
    return compose(model, task, "mini", {}, given, spec)


def seen(runner: str, config: Any) -> Any:
    """The options with which a runner would be started."""
    spec: RunnerSpec = registry.runners().find(runner).spec
    watched = dataclasses.replace(spec, create=lambda execution, options: options)
    return watched.start(config)


def test_a_runners_options_are_recorded_and_change_no_hash() -> None:
    with_options = cell("ray", runner__gpus_per_trial=0.5)
    assert with_options.values["runner"]["gpus_per_trial"] == 0.5
    assert with_options.cell_id == cell(None).cell_id == cell("local").cell_id


@pytest.mark.parametrize("key", ["gpus_per_trial", "cpus_per_trial", "workers_per_trial"])
def test_the_former_names_of_a_runners_options_keep_working(key: str) -> None:
    config = cell("ray", **{f"execution__{key}": 2, "execution__ray_address": "auto"}).values
    assert seen("ray", config) == RayOptions(address="auto", **{key: 2})


def test_a_trial_stored_with_the_former_names_goes_on_with_them() -> None:
    config = cell(None).values
    config["execution"] |= {"ray_address": "there:6379", "gpus_per_trial": None}
    assert seen("ray", config).address == "there:6379"
    assert ExecutionSettings.stored(config["execution"]) == ExecutionSettings()


def test_options_of_another_runner_are_refused_with_its_name(
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert run_command([*DRY, "--ray-address=auto"]) == 2
    assert "it goes with --runner ray" in capfd.readouterr().err
    assert run_command([*DRY, "--gpus-per-trial=2"]) == 2
    assert "the local runner has one process per trial" in capfd.readouterr().err
    assert run_command([*DRY, "--runner=ray", "--workers-per-trial=0"]) == 2
    assert "runner.workers_per_trial" in capfd.readouterr().err


def test_workers_of_a_trial_never_share_a_gpu() -> None:
    with pytest.raises(TrmbenchError, match="cannot share 3 GPUs"):
        RayOptions(workers_per_trial=2, gpus_per_trial=3)
    assert RayOptions(gpus_per_trial=2).workers == 2
    assert RayOptions(gpus_per_trial=0.5).workers == 1


def test_stacked_seeds_are_refused_to_several_workers() -> None:
    config = cell("ray", runner__workers_per_trial=2, execution__stack_seeds=True).values
    with pytest.raises(TrmbenchError, match="one process"):
        registry.runners().find("ray").spec.start(config)


def test_local_trials_may_share_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    gpus: list[str | None] = []

    class Process:
        def __init__(self, gpu: str | None) -> None:
            gpus.append(gpu)
            self.gpu = gpu

    monkeypatch.setattr(local, "WorkerProcess", Process)
    monkeypatch.setattr(local, "has_cuda", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,5,-1,7")
    runner = local.LocalRunner({"max_parallel": None, "device": "auto"}, gpu_share=0.5)
    for _ in range(3):
        runner._start_worker()
    assert sorted(map(str, gpus)) == ["3", "3", "5", "5"]


@pytest.mark.parametrize(
    ("named", "seen", "gpus"),
    [
        ("0,-1,1", 1, ["0"]),
        ("0,0", 0, []),
        ("1,9", 1, ["1"]),
        ("GPU-4f,MIG-7a", 2, ["GPU-4f", "MIG-7a"]),
        (None, 2, ["0", "1"]),
    ],
)
def test_workers_get_the_gpus_that_cuda_sees(
    named: str | None, seen: int, gpus: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if named is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", named)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: seen)
    assert local.visible_gpus() == gpus


def test_a_missing_ray_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("trmbench_ray.find_spec", lambda name: None)
    run = [word for word in DRY if word != "--dry-run"]
    assert run_command([*run, "--runner=ray", f"--results={tmp_path}"]) == 2
    [line] = capfd.readouterr().err.strip().splitlines()
    assert "needs Ray, which is not installed" in line and "pip install" in line


def test_a_dry_run_names_the_runners_options(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run_command([*DRY, "--runner=ray", f"--results={tmp_path}"]) == 0
    assert "runner.address" in capfd.readouterr().out
