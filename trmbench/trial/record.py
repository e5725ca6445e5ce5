"""The row of a trial: its figures as they become known, how it ended, and what produced it."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import torch

from trmbench.machine import device_name, peak_memory
from trmbench.plugin.manager import Plugin
from trmbench.spec import TaskInfo
from trmbench.spec.status import CLAIMED, FINISHED
from trmbench.store import Store
from trmbench.store.claims import Claim
from trmbench.trial.build import TrialParts
from trmbench.trial.outcome import Outcome
from trmbench.trial.provenance import environment


class TrialRecord:
    """The row of a trial in the making.

    Args:
        parts: the trial's parts.
        store: where the row goes.
    """

    def __init__(self, parts: TrialParts, store: Store) -> None:
        self._parts = parts
        self._store = store
        self.figures: dict[str, Any] = {"started_at": datetime.now(UTC)}
        """Columns of the row, and two that become part of others (`write`)."""
        self.device: torch.device | None = None
        """Where the model runs, as soon as that is chosen."""
        self.data: TaskInfo | None = None
        """What the task says of its data, as soon as it is loaded."""
        self.bases: dict[str, TrialRecord] = {}
        """By id, the records of the trials whose trained models this one builds upon."""
        self.imported: Mapping[str, str] | None = None
        """The file of weights that were trained elsewhere."""

    def of(self, parts: TrialParts) -> TrialRecord:
        """The record of a further evaluation of the same trial."""
        other = copy.copy(self)
        other._parts, other.figures = parts, dict(self.figures)
        return other

    def conclude(self, how: Outcome, claim: Claim) -> Outcome:
        """Write how the trial ended, if it is still this process's; returns how it ended here.

        A finished row stays when testing the trial once more fails, and keeps its place among the
        evaluations of its trial when it succeeds.
        """
        if claim.lost:
            return Outcome(CLAIMED, "taken over while this process was suspended")
        rows = self._store.trials([self._parts.trial.name])
        before = [row for row in rows if row["status"] == FINISHED]
        if before and how.status == FINISHED:
            self.figures["started_at"] = before[0]["started_at"]
        if not before or how.status == FINISHED:
            self.write(how.status, how.error)
        return how

    def write(self, status: str, error: str | None) -> None:
        """Write the trial's row, whatever became of it."""
        row = {**self.figures, "status": status, "error": error}
        peak = row.pop("train_peak_memory_bytes", 0)
        if self.device is not None:
            row["device"] = device_name(self.device)
            row["peak_memory_bytes"] = max(peak, peak_memory(self.device))
        row["provenance"] = json.dumps(self._provenance(row.pop("stacked_seeds", 1)))
        self._store.write_trial(self._parts.trial, row)

    def _provenance(self, stacked_seeds: int) -> dict[str, Any]:
        parts = self._parts
        described: dict[str, Any] = {
            "model": _origin(parts.model_entry.plugin),
            "task": _origin(parts.task_entry.plugin),
        }
        if self.data is not None:
            described["data"] = {
                "source": self.data.source,
                "fingerprint": self.data.fingerprint,
            }
        described |= self._upon()
        optimizer = parts.optimizer_entry.plugin
        if optimizer.manager is not None:  # a plugin's, no built-in one
            described["optimizer"] = _origin(optimizer)
        if stacked_seeds > 1:
            described["stacked_seeds"] = stacked_seeds
        if self.imported:
            described["imported"] = self.imported
        return {**environment(), "command": parts.trial.command, **described}

    def count_bases(self) -> None:
        """Take the cost of training the bases for this trial's; not known where one's is not."""
        costs = [base.figures.get("train_flops") for base in self.bases.values()]
        self.figures["train_flops"] = None if None in costs else sum(costs)

    def _upon(self) -> dict[str, Any]:
        """Name the trials that this one builds upon; the origin of a single one is its own."""
        if len(self.bases) > 1:
            return {"bases": {key: base._named() for key, base in self.bases.items()}}
        told: dict[str, Any] = {}
        for key, base in self.bases.items():
            told["base"] = {"trial_id": key, "model": base._parts.trial.model}
            if base.imported:
                told["imported"] = base.imported
        return told

    def _named(self) -> str:
        label, origin = self._parts.trial.label, self.imported
        return f"{label}, {origin['file']} (sha256 {origin['sha256']})" if origin else label


def _origin(plugin: Plugin) -> dict[str, str]:
    return {
        "plugin": plugin.name,
        "distribution": plugin.distribution,
        "version": plugin.version,
    }
