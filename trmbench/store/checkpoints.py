"""Checkpoints: tensors as safetensors, the rest as JSON with the tensors' checksum.

The JSON file is written last and names the SHA-256 of the tensor file, so a checkpoint is complete
exactly when its JSON is there and the checksum holds.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load as tensors_of, save_file
from torch import Tensor

from trmbench.errors import TrmbenchError
from trmbench.store.atomic import replace_file, write_json
from trmbench.store.location import Location

KEPT = 2
"""Running checkpoints kept, so that a damaged one has a predecessor."""


class Damaged(TrmbenchError):
    """A checkpoint that is not what was saved."""


def save(
    folder: Location, name: str, tensors: Mapping[str, Tensor], values: Mapping[str, Any]
) -> None:
    """Write `<name>.safetensors` and `<name>.json` into a folder, each whole or not at all."""
    path = folder / f"{name}.safetensors"
    cpu = {key: tensor.detach().cpu().contiguous() for key, tensor in tensors.items()}
    checksum = replace_file(path, lambda temporary: _write_tensors(cpu, temporary))
    write_json(folder / f"{name}.json", {"sha256": checksum, "values": dict(values)})


def load(folder: Location, name: str) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read what `save` wrote, onto the CPU.

    Raises:
        Damaged: a file is missing, truncated or altered.
    """
    path = folder / f"{name}.safetensors"
    try:
        description = json.loads((folder / f"{name}.json").read_text())
        content = path.read_bytes()
        if description["sha256"] != hashlib.sha256(content).hexdigest():
            raise ValueError("its checksum does not match")
        return tensors_of(content), description["values"]
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise Damaged(
            f"checkpoint {path} is damaged: {error}", "delete it to train again"
        ) from error


def _write_tensors(tensors: dict[str, Tensor], path: Path) -> str:
    """Write the tensors, and return the file's checksum."""
    try:
        save_file(tensors, path)
    except SafetensorError as error:  # safetensors reports a full disk this way
        raise OSError(str(error)) from error
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class RunningCheckpoints:
    """The last checkpoints of a trial that is being trained.

    They are hashed and written while the training goes on, which waits only until the tensors are
    copied: a quarter of the time that 230 MB take to be written.

    Args:
        folder: the trial's folder.
        warn: gets one line when a damaged checkpoint is passed over.
    """

    def __init__(self, folder: Location, warn: Callable[[str], None]) -> None:
        self._folder = folder
        self._warn = warn
        self._writer = ThreadPoolExecutor(1)
        self._writing: Future[None] | None = None

    def save(self, step: int, tensors: Mapping[str, Tensor], values: Mapping[str, Any]) -> None:
        """Begin to write the checkpoint of a training step; all but the last two are dropped.

        Args:
            step: the training step.
            tensors: are copied and may change at once.
            values: go into JSON, and may not change.

        Raises:
            TrmbenchError: the one before could not be written.
        """
        self.wait()
        copies = {name: tensor.detach().to("cpu", copy=True) for name, tensor in tensors.items()}
        self._writing = self._writer.submit(self._write, step, copies, values)

    def wait(self) -> None:
        """Wait until the last checkpoint is on disk.

        Raises:
            TrmbenchError: it could not be written.
        """
        writing, self._writing = self._writing, None
        if writing is not None:
            writing.result()

    def _write(self, step: int, tensors: Mapping[str, Tensor], values: Mapping[str, Any]) -> None:
        save(self._folder, _name(step), tensors, values)
        for name in self._names()[:-KEPT]:
            self._delete(name)

    def load_latest(self) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
        """The newest checkpoint that is intact, or None."""
        self.wait()
        for name in reversed(self._names()):
            try:
                return load(self._folder, name)
            except Damaged as error:
                self._warn(f"{error.message}; going on from the one before")
                self._delete(name)
        return None

    def load(self, step: int) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """The checkpoint of a training step.

        Raises:
            Damaged: it is missing, truncated or altered.
        """
        return load(self._folder, _name(step))

    def clear(self) -> None:
        """Delete all of them: the trial is trained."""
        self.wait()
        for name in self._names():
            self._delete(name)

    def _names(self) -> list[str]:
        return sorted({path.stem for path in self._folder.glob("running-*.*")})

    def _delete(self, name: str) -> None:
        for suffix in ("json", "safetensors"):
            (self._folder / f"{name}.{suffix}").unlink(missing_ok=True)


def _name(step: int) -> str:
    return f"running-{step:09d}"
