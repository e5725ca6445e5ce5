"""Stored weights: loaded, imported from the public reference implementations, exported."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from trmbench.config.cell import Cell
from trmbench.errors import TrmbenchError
from trmbench.spec import ReferenceWeights, Trial
from trmbench.spec.ids import short_hash, trial_hash
from trmbench.spec.status import IMPORTED
from trmbench.store import Store
from trmbench.store.final import FinalWeights, load_final
from trmbench.store.output import write_output
from trmbench.trial.architecture import check_architecture
from trmbench.trial.build import TrialParts
from trmbench.trial.identifiers import SAFETENSORS, check_identifiers, check_unchanged, named_by

NOT_IN_WEIGHTS = ("T", "n", "supervision_steps", "heads", "position_encoding")
"""Options that leave no trace in the weights (nor does rope as against no position encoding)."""


def trained_parts(trial: Trial) -> TrialParts:
    """The parts of a trained trial, its model with the final weights that are tested.

    Raises:
        TrmbenchError: the weights are damaged, or the data or the plugins are not there.
    """
    parts = TrialParts(trial, lambda base: trained_parts(base).model)
    final = load_final(Store(trial.results).checkpoints(trial.trial_id))
    if final.imported is not None:
        check_unchanged(parts, final.imported)
    final.load_as_asked(parts.model, parts.evaluation)
    if isinstance(parts.model, torch.nn.Module):
        parts.model.eval()
    return parts


def import_weights(
    file: Path, cell: Cell, store: Store, source: Mapping[str, str] | None = None
) -> Trial:
    """Store a file's weights as the final ones of a trial of its own, to be tested by `evaluate`.

    The trial's cell is not the given one: what is trained here is never pooled with what is not.

    Args:
        file: a state dict saved by `torch.save` (or safetensors) in the reference's names.
        cell: the configuration that the weights belong to.
        store: the results folder.
        source: `name` and `repository` of public weights, for the record.

    Raises:
        TrmbenchError: the file holds no such weights, they do not fit the configuration, or the
            results folder cannot be written to; it is made when all else is well.
    """
    state_dict = read_weights(file)
    with file.open("rb") as content:
        checksum = hashlib.file_digest(content, "sha256").hexdigest()
    cell_id = short_hash([cell.cell_id, IMPORTED, checksum])
    trial = dataclasses.replace(
        cell.trial(0, store.address),
        cell_id=cell_id,
        trial_id=trial_hash(cell_id, 0),
        cell_label=f"{cell.model} imported from {(source or {}).get('name', file.name)}",
    )
    parts = TrialParts(trial)
    model = _fitted(parts, state_dict, file)
    imported = {"file": file.name, "sha256": checksum, **(source or {})}
    if named_by(parts) is not None:
        imported["data"] = parts.task.info.fingerprint
    store.ensure_writable()
    final = FinalWeights(model.state_dict(), imported=imported)
    final.save(store.checkpoints(trial.trial_id), trial)
    row = {"status": IMPORTED, "started_at": datetime.now(UTC)}
    store.write_trial(trial, {**row, "provenance": json.dumps({"imported": imported})})
    return trial


def read_weights(file: Path) -> dict[str, Tensor]:
    """The state dict of a file; no code in it is executed.

    Raises:
        TrmbenchError: the file is missing, damaged, or holds anything but named tensors.
    """
    try:
        if file.suffix == SAFETENSORS:
            return load_file(file)
        content = torch.load(file, map_location="cpu", weights_only=True)
    except OSError as error:
        raise TrmbenchError(
            f"cannot read {file}: {error.strerror or error}", "check the path"
        ) from error
    except Exception as error:  # a damaged pickle may raise anything
        first_line = str(error).strip().partition("\n")[0][:120]
        raise TrmbenchError(
            f"{file} is no checkpoint that can be read: {first_line or type(error).__name__}",
            "give a state dict saved by torch.save, or safetensors",
        ) from error
    named = isinstance(content, Mapping) and all(isinstance(name, str) for name in content)
    if not named or not content or not all(isinstance(t, Tensor) for t in content.values()):
        raise TrmbenchError(
            f"{file} holds {type(content).__name__}, not a state dict (tensors by name)",
            "save it again with torch.save(model.state_dict(), FILE)",
        )
    return dict(content)


def _fitted(parts: TrialParts, state_dict: Mapping[str, Tensor], file: Path) -> Any:
    """The weights in a model of the trial's configuration."""
    reference = _reference(parts)
    theirs = reference.describe(state_dict)
    check_identifiers(parts, theirs, file)
    config, expected = reference.export(parts.model)
    check_architecture(reference.describe(expected), theirs, parts.trial.config["model"])
    return reference.load(config, state_dict)


def _reference(parts: TrialParts) -> ReferenceWeights:
    reference: ReferenceWeights | None = parts.model_entry.spec.reference
    if reference is None:
        raise TrmbenchError(
            f"model {parts.trial.model!r} has no reference implementation to exchange weights with",
            "its plugin would give its spec `reference=ReferenceWeights(...)`",
        )
    return reference


def export_weights(trial: Trial, file: Path) -> int:
    """Write a trained trial's tested weights as safetensors; returns how many tensors.

    By the names of the reference implementation where the model has one, with its configuration in
    the file's metadata; else by their own.

    Raises:
        TrmbenchError: the weights are damaged, or the file cannot be written.
    """
    if file.suffix != SAFETENSORS:
        raise TrmbenchError(f"{file} is no safetensors file", f"name it {file.stem}{SAFETENSORS}")
    parts = trained_parts(trial)
    model, reference = parts.model, parts.model_entry.spec.reference
    config, tensors = reference.export(model) if reference else ({}, model.state_dict())
    metadata = {
        "model": trial.model,
        "task": trial.task,
        "trial_id": trial.trial_id,
        "names": "reference" if reference else "own",
        "config": json.dumps(config),
    }
    if (names := named_by(parts)) is not None:
        metadata["identifiers"] = names
    cpu = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    write_output(file, lambda temporary: save_file(cpu, temporary, metadata))
    return len(cpu)
