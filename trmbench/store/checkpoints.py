"""Checkpoints: tensors as safetensors, the rest as JSON with the tensors' checksum.

The JSON file is written last and names the SHA-256 of the tensor file, so a checkpoint is complete
exactly when its JSON is there and the checksum holds. It also says whose checkpoint it is, under
which name, and the SHA-256 of its own values; older ones say nothing of these, and are read.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load as tensors_of, save_file
from torch import Tensor

from trmbench.store.aside import set_aside
from trmbench.store.atomic import replace_file, write_json
from trmbench.store.files import Damaged, delete, listing, read_bytes, reason_of
from trmbench.store.location import Location
from trmbench.store.plain_json import parse

SUFFIXES = (".json", ".safetensors")
RUNNING = "running-"
"""What the names of checkpoints of a running training begin with."""
_RUNNING = re.compile(rf"{RUNNING}(\d{{9}})", re.ASCII)
_OURS = re.compile(rf"{_RUNNING.pattern}|final|answers-[0-9a-f]{{12}}", re.ASCII)
KEPT = 2
"""Running checkpoints kept, so that a damaged one has a predecessor."""


def save(
    folder: Location, name: str, tensors: Mapping[str, Tensor], values: Mapping[str, Any]
) -> None:
    """Write `<name>.safetensors` and `<name>.json` into a folder, each whole or not at all."""
    path = folder / f"{name}.safetensors"
    cpu = {key: tensor.detach().cpu().contiguous() for key, tensor in tensors.items()}
    checksum = replace_file(path, lambda temporary: _write_tensors(cpu, temporary))
    whose = {"trial_id": folder.name, "name": name, "values_sha256": _hash(values)}
    write_json(folder / f"{name}.json", {"sha256": checksum, **whose, "values": dict(values)})


def load(folder: Location, name: str) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read what `save` wrote, onto the CPU.

    Raises:
        Damaged: a file is missing, truncated or altered, or belongs to another trial.
    """
    content, values = read_whole(folder, name)
    try:
        return tensors_of(content), values
    except SafetensorError as error:
        raise Damaged(folder / f"{name}.safetensors", reason_of(error)) from error


def read_whole(folder: Location, name: str) -> tuple[bytes, dict[str, Any]]:
    """The tensors' file, whose checksum holds, and the values.

    Raises:
        Damaged: a file is missing, truncated or altered, or belongs to another trial.
    """
    path = folder / f"{name}.safetensors"
    try:
        described = describe(folder, name)
        content = read_bytes(path)
    except FileNotFoundError:
        raise Damaged(path, "it, or its description, is missing") from None
    if described["sha256"] != hashlib.sha256(content).hexdigest():
        raise Damaged(path, "its checksum does not match")
    return content, described["values"]


def describe(folder: Location, name: str) -> dict[str, Any]:
    """What the JSON file of a checkpoint says.

    Raises:
        FileNotFoundError: there is none.
        Damaged: it is not what was saved, or another trial's.
    """
    path = folder / f"{name}.json"
    try:
        found = parse(read_bytes(path))
        if not (isinstance(found["values"], dict) and isinstance(found["sha256"], str)):
            raise ValueError("it is no description of a checkpoint")
        for key, own in (("trial_id", folder.name), ("name", name)):
            if found.get(key, own) != own:
                raise ValueError(f"it belongs to {key.removesuffix('_id')} {found[key]!s:.40}")
        if found.get("values_sha256") not in (None, _hash(found["values"])):
            raise ValueError("its values are not what was saved")
    except (ValueError, KeyError, TypeError) as error:
        raise Damaged(path, reason_of(error)) from error
    return dict(found)


def _hash(values: Mapping[str, Any]) -> str:
    """Checksum of values as they come back from JSON."""
    plain = json.dumps(json.loads(json.dumps(dict(values))), sort_keys=True)
    return hashlib.sha256(plain.encode()).hexdigest()


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
        """The newest checkpoint that is intact, or None; damaged ones are set aside."""
        self.wait()
        for name in reversed(self._names()):
            try:
                return _of_step(self._folder, name)
            except Damaged as error:
                self._warn(f"{error.message}; going on from the one before")
                set_aside(self._folder.parent.parent, *files_of(self._folder, name))
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
        return [_name(step) for step in saved_steps(self._folder)]

    def _delete(self, name: str) -> None:
        for path in files_of(self._folder, name):
            delete(path)


def _of_step(folder: Location, name: str) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """A running checkpoint whose values, where they tell of a step, tell of the one it is of."""
    tensors, values = load(folder, name)
    if "step" in values and (type(values["step"]) is not int or name != _name(values["step"])):
        raise Damaged(folder / f"{name}.json", "it tells of another step")
    return tensors, values


def saved_steps(folder: Location) -> list[int]:
    """The training steps of the running checkpoints in a trial's folder, whole or not."""
    names = {path.stem for suffix in SUFFIXES for path in listing(folder, suffix)}
    found = map(_RUNNING.fullmatch, names)
    return sorted(int(match[1]) for match in found if match)


def names_in(folder: Location) -> list[str]:
    """The checkpoints of a trial whose description is there: final weights and answers, too."""
    return [path.stem for path in listing(folder, SUFFIXES[0]) if _OURS.fullmatch(path.stem)]


def forget_all(folder: Location) -> None:
    """Delete every checkpoint, final weights and answers included; other files stay.

    Raises:
        TrmbenchError: something that is no file has the name of one.
    """
    for suffix in SUFFIXES:
        for path in listing(folder, suffix):
            if _OURS.fullmatch(path.stem):
                delete(path)
    if isinstance(folder, Path):
        with contextlib.suppress(OSError):  # it is not there, or holds something else
            folder.rmdir()


def files_of(folder: Location, name: str) -> list[Location]:
    """The files of a checkpoint, whether they are there or not."""
    return [folder / f"{name}{suffix}" for suffix in SUFFIXES]


def _name(step: int) -> str:
    return f"{RUNNING}{step:09d}"
