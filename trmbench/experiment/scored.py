"""The cell of predictions that were made elsewhere."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from trmbench.config.cell import evaluation_hash
from trmbench.config.compose import compose
from trmbench.errors import TrmbenchError, shown
from trmbench.experiment.cells import AUTO_PRESET, automatic_preset
from trmbench.plugin import registry
from trmbench.spec import ModelSpec, Trial
from trmbench.spec.ids import short_hash, trial_hash
from trmbench.store import Store

SECTION = "predictions"
"""The section of a trial's configuration that names the file and its digest."""


def scored_trial(
    file: Path,
    spec: ModelSpec,
    task: str,
    preset: str | None,
    overrides: Mapping[str, Any],
    seed: int,
    store: Store,
) -> Trial:
    """Name the trial of a file of predictions; files of one name are the seeds of one cell.

    Args:
        file: the predictions.
        spec: what stands for the model that made them.
        task: the task's name.
        preset: a name, or None for "auto".
        overrides: dotted settings of `task` and `evaluation`.
        seed: of the training that the predictions come from.
        store: where the rows will be.

    Raises:
        TrmbenchError: the name is an installed model's, a setting is none of the task or its test,
            the file cannot be read, or another file has been scored as this seed of this name.
    """
    _require_own_name(spec.name)
    for key in overrides:
        if key.partition(".")[0] not in ("task", "evaluation"):
            raise TrmbenchError(f"predictions have no setting {shown(key)}", "set task.* alone")
    wanted = automatic_preset() if preset in (None, AUTO_PRESET) else str(preset)
    cell = compose(spec, registry.tasks().find(task).spec, wanted, None, overrides)
    given = cell.trial(seed, store.address)
    evaluation = {**given.config["evaluation"], "votes": 1}
    with file.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    cell_id = short_hash([cell.cell_id, SECTION])
    trial = replace(
        given,
        cell_id=cell_id,
        trial_id=trial_hash(cell_id, seed),
        evaluation_id=evaluation_hash(evaluation),
        config={
            **given.config,
            "train": {},  # nobody here knows how
            "evaluation": evaluation,
            SECTION: {"file": file.name, "sha256": digest},
        },
    )
    _require_same_file(trial, store)
    return trial


def _require_own_name(name: str) -> None:
    if name in {entry.spec.name for entry in registry.models()}:
        raise TrmbenchError(
            f"{name} is a model that is installed here", f"such as --name {name}-elsewhere"
        )


def _require_same_file(trial: Trial, store: Store) -> None:
    for row in store.trials([trial.name]):
        before = store.trial_of(row).config.get(SECTION, {})
        if before.get("sha256") != trial.config[SECTION]["sha256"]:
            raise TrmbenchError(
                f"seed {trial.seed} of {trial.model} has been scored from {before.get('file')},"
                " which held other predictions",
                "give another --seed or another --name",
            )
