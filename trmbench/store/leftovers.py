"""Half-written files of processes that were killed: deleted once nobody can finish them."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from trmbench.errors import TrmbenchError
from trmbench.store.claims import holder
from trmbench.store.files import below, delete, kind
from trmbench.store.location import Location
from trmbench.store.schemas import SCHEMAS

_TEMPORARY = re.compile(r"\.(?P<name>[\w-]+)\.(?:parquet|json|safetensors)\.(?P<pid>\d+)\.tmp")
_OF_NO_TRIAL = ("runs", "expectations")
_FLAT = (*SCHEMAS, *_OF_NO_TRIAL)
_BY_TRIAL = "checkpoints"


def sweep(root: Location) -> None:
    """Delete what killed processes were writing; an object store never shows half an object.

    Whoever writes a trial's file holds the trial's claim, from before there is a file until it has
    its name. The file's name tells the process, too.
    """
    if isinstance(root, Path):
        for path, trial_id in list(_temporaries(root)):
            pid = int(path.name.split(".")[-2])
            with contextlib.suppress(TrmbenchError):
                if not _may_live(pid) and not (trial_id and holder(root, trial_id)):
                    delete(path)


def _temporaries(root: Path) -> Iterator[tuple[Path, str]]:
    """Half-written files, and whose they are; "" where it is no trial's."""
    for name in _FLAT:
        for path in _hidden(root, name):
            yield path, "" if name in _OF_NO_TRIAL else path.name[1:13]
    if kind(root / _BY_TRIAL) == "a folder":
        for folder in (root / _BY_TRIAL).iterdir():
            for path in _hidden(root, _BY_TRIAL, folder.name):
                yield path, folder.name


def _hidden(root: Path, *names: str) -> list[Path]:
    with contextlib.suppress(TrmbenchError, OSError):
        folder = Path(str(below(root, *names)))
        return [path for path in folder.iterdir() if _TEMPORARY.fullmatch(path.name)]
    return []


def _may_live(pid: int) -> bool:
    """Whether a process of this number runs on this machine."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return pid > 0
