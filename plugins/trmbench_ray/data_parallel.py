"""A trial trained by several workers together, through Ray Train's TorchTrainer.

The trial's own checkpoints in the results folder are what a new group of workers goes on from; of
Ray Train's, which can do the like, nothing is used.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from typing import Any

from ray.train import FailureConfig, RunConfig, ScalingConfig
from ray.train.torch import TorchTrainer

from trmbench import Trial, TrialResult, run_shared_trial
from trmbench_ray.mailbox import Correspondent

_ENVIRONMENT = {
    "RAY_CHDIR_TO_TRIAL_DIR": "0",  # a task's data may be at a relative path
    "RAY_TRAIN_METRICS_ENABLED": "0",
}


def train_together(
    trial: Trial, mailbox: Any, workers: int, resources: Mapping[str, float], retries: int
) -> TrialResult:
    """One trial by several workers; when one of them is lost, a new group goes on.

    Args:
        trial: the trial.
        mailbox: for its events.
        workers: how many; NCCL connects those with GPUs, gloo the others.
        resources: "CPU" and "GPU" of each.
        retries: how many groups may follow the first one.

    Raises:
        ray.train.TrainingFailedError: they did not suffice.
    """
    os.environ.update(_ENVIRONMENT)
    with tempfile.TemporaryDirectory() as folder:
        trainer = TorchTrainer(
            _train,  # type: ignore[arg-type]
            train_loop_config={"trial": trial, "mailbox": mailbox},
            scaling_config=ScalingConfig(
                num_workers=workers,
                use_gpu=resources["GPU"] > 0,
                resources_per_worker={name: count for name, count in resources.items() if count},
            ),
            run_config=RunConfig(
                name=trial.trial_id,
                storage_path=folder,
                failure_config=FailureConfig(max_failures=retries),
            ),
        )
        result: TrialResult = trainer.fit().return_value  # type: ignore[attr-defined]
    return result


def _train(config: dict[str, Any]) -> TrialResult | None:
    """In each worker."""
    line = Correspondent(config["mailbox"])
    result = run_shared_trial(config["trial"], line.send, line.should_stop)
    line.wait()
    return result
