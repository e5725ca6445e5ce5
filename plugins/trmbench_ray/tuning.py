"""Settings chosen on held-out puzzles; the search is Ray Tune's."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trmbench import TrmbenchError, run
from trmbench_ray.cluster import connection
from trmbench_ray.space import read_space

_ENVIRONMENT = {
    "RAY_CHDIR_TO_TRIAL_DIR": "0",  # paths are meant as they were typed
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_DISABLE_STRICT_METRIC_CHECKING": "1",
    "RAY_AIR_NEW_OUTPUT": "0",
}


@dataclass(frozen=True)
class Asked:
    """What is to be tuned."""

    model: str
    task: str
    preset: str | None
    settings: Mapping[str, Any]
    """Settings by dotted key that are the same for all."""
    seeds: str
    results: str
    """Where the trials are stored, an absolute path."""


@dataclass(frozen=True)
class Tuned:
    """What came of it."""

    settings: Mapping[str, Any]
    """The chosen ones, by dotted key."""
    score: float
    """The mean score on the held-out puzzles."""
    tried: int
    """How many settings were tried, failed ones included."""
    failed: int


def tried(config: dict[str, Any], asked: Asked) -> dict[str, float]:
    """Train and test one choice of settings on the validation split.

    Raises:
        TrmbenchError: a trial failed.
    """
    settings = {"execution.max_parallel": 1, **asked.settings, **config}
    settings["evaluation.split"] = "validation"
    rows = run(
        asked.model,
        asked.task,
        seeds=asked.seeds,
        preset=asked.preset,
        settings=settings,
        results=asked.results,
        progress=False,
    )
    failed = rows[rows["status"] != "finished"]
    if len(failed):
        raise TrmbenchError(str(failed.iloc[0]["error"]))
    return {"score": float(rows["score"].mean())}


def tune(asked: Asked, space: Path, trials: int, seed: int, address: str | None) -> Tuned:
    """Try settings, and choose those with the best score on held-out puzzles.

    Args:
        asked: model, task and what stays the same.
        space: the file of what is tried.
        trials: how many settings.
        seed: of the search.
        address: of a Ray cluster, as for `--ray-address`.

    Raises:
        TrmbenchError: a bad file, no cluster, or all trials failed.
    """
    os.environ.update({key: os.environ.get(key, value) for key, value in _ENVIRONMENT.items()})
    with connection(address):
        from ray import tune as ray_tune
        from ray.tune.search.basic_variant import BasicVariantGenerator

        found = ray_tune.Tuner(
            ray_tune.with_resources(
                ray_tune.with_parameters(_reported, asked=asked), _resources(asked)
            ),
            param_space=read_space(space),
            tune_config=ray_tune.TuneConfig(
                metric="score",
                mode="max",
                num_samples=trials,
                search_alg=BasicVariantGenerator(random_state=seed),
            ),
            run_config=ray_tune.RunConfig(storage_path=f"{asked.results}/ray", verbose=0),
        ).fit()
        results = [found[place] for place in range(len(found))]
        good = [each for each in results if each.error is None and each.metrics]
        if not good:
            raise TrmbenchError(f"all {trials} settings failed: {_reason(found.errors)}")
        best = found.get_best_result()
    metrics, config = best.metrics or {}, best.config or {}
    return Tuned(config, float(metrics["score"]), len(found), len(found) - len(good))


def _reported(config: dict[str, Any], asked: Asked) -> None:
    from ray import tune as ray_tune

    ray_tune.report(tried(config, asked))


def _resources(asked: Asked) -> dict[str, float]:
    """What Ray counts for a trial: a GPU where there is one, else its threads."""
    import ray

    if ray.cluster_resources().get("GPU"):
        return {"gpu": 1.0}
    return {"cpu": float(asked.settings.get("train.threads", 1))}


def _reason(errors: list[Exception]) -> str:
    """What the first trial failed of; Ray's own text has its traceback before it."""
    lines = [line.strip() for line in str(errors[0]).splitlines() if line.strip()] if errors else []
    return lines[-1][:300] if lines else "no reason is known"
