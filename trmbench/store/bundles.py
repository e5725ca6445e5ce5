"""Bundles: results to be handed on, a file for each model, task and preset.

Such a file is a ZIP archive of a results folder's own files, with a manifest that names the digest
of each. A bundle is a folder of them with an index.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import re
import tempfile
import zipfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from trmbench.errors import TrmbenchError
from trmbench.spec import row_name
from trmbench.spec.ids import short_hash
from trmbench.spec.status import IMPORTED
from trmbench.store.anonymous import expectation_without_places, without_places
from trmbench.store.atomic import write_bytes
from trmbench.store.datasets import Store
from trmbench.store.expectations import Stored, read_expectations, stored_from, take_over
from trmbench.store.files import MOST_BYTES, below
from trmbench.store.output import write_output
from trmbench.store.parquet import SUFFIX, owners, write_table
from trmbench.store.plain_json import parse
from trmbench.store.schemas import SCHEMAS

INDEX, MANIFEST, ARCHIVE = "bundle.json", "manifest.json", ".zip"
FORMAT = 1
LICENCE = "CC-BY-4.0"
_LONGEST_AGO = (1980, 1, 1, 0, 0, 0)
"""The time of every file in an archive, so that the same results are the same bytes."""
Group = tuple[str, str, str]


def publish(store: Store, folder: Path, licence: str) -> dict[str, int]:
    """Write the trials of a results folder as a bundle, those that failed included.

    What was expected of them is in its index.

    Args:
        store: where the trials are.
        folder: the bundle; made where it is not there.
        licence: under which the results may be used.

    Returns:
        The number of rows by the name of the file.

    Raises:
        TrmbenchError: there is no trial, or the bundle cannot be written.
    """
    groups: dict[Group, list[dict[str, Any]]] = {}
    for row in store.trials():
        if row["status"] != IMPORTED:
            groups.setdefault((row["model"], row["task"], row["preset"]), []).append(row)
    if not groups:
        raise TrmbenchError(f"no trial in {store.root}", "`trmbench run` makes some")
    counts, digests = {}, {}
    for group, rows in sorted(groups.items()):
        name = f"{file_name(group)}{ARCHIVE}"
        write = partial(_write, store, group, rows, licence)
        digests[name] = write_output(folder / name, write)
        counts[name] = len(rows)
    index = {
        "format": FORMAT,
        "licence": licence,
        "files": digests,
        "expectations": _expected(store),
    }
    write_output(folder / INDEX, lambda path: path.write_text(json.dumps(index, indent=1)))
    return counts


def _expected(store: Store) -> list[dict[str, str]]:
    """The expectations, which are about several files, each with the time of its first writing."""
    firsts: dict[str, str] = {}
    for each in read_expectations(store):
        text = expectation_without_places(each.expectation.text)
        firsts.setdefault(text, each.stored_at.isoformat())
    return [{"text": text, "stored_at": time} for text, time in firsts.items()]


def file_name(group: Group) -> str:
    """Name the file of a model, task and preset; what cannot stand in a name is replaced."""
    plain = "--".join(re.sub(r"[^A-Za-z0-9._]+", "-", part)[:60].strip("-.") for part in group)
    return plain if plain == "--".join(group) else f"{plain}--{short_hash(group)}"


def _write(store: Store, group: Group, rows: list[dict[str, Any]], licence: str, path: Path) -> str:
    """Write one archive, and return its digest."""
    with tempfile.TemporaryDirectory(prefix="trmbench-") as place:
        copied = Store(place)
        for row in rows:
            copied.write("trials", row_name(row), [without_places(row)])
            for dataset in SCHEMAS:
                name = row["trial_id"] if dataset == "curves" else row_name(row)
                if dataset != "trials" and (table := store.read(dataset, names=[name])).num_rows:
                    write_table(copied.folder(dataset), dataset, name, table)
        files = {
            str(file.relative_to(place)): file.read_bytes()
            for file in sorted(Path(place).rglob(f"*{SUFFIX}"))
        }
    manifest = {
        "format": FORMAT,
        "trmbench": importlib.metadata.version("trmbench"),
        **dict(zip(("model", "task", "preset"), group, strict=True)),
        "licence": licence,
        "cells": sorted({row["cell_id"] for row in rows}),
        "files": {name: _digest(content) for name, content in files.items()},
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        files = {MANIFEST: json.dumps(manifest, indent=1).encode(), **files}
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, _LONGEST_AGO), content)
    return _digest(path.read_bytes())


def is_bundle(place: Path) -> bool:
    """Whether this is a bundle, or one file of it, and no results folder."""
    return (place / INDEX).is_file() or (place.suffix == ARCHIVE and place.is_file())


def unpack_all(place: Path, store: Store) -> None:
    """Unpack a bundle, or one file of it, into a results folder.

    Raises:
        TrmbenchError: it is not what was published.
    """
    if place.is_file():
        unpack(place, store)
        return
    index = index_of((place / INDEX).read_bytes(), str(place))
    for name, digest in index.files.items():
        unpack(place / name, store, digest)
    take_over(store, index.expectations)


class Index(NamedTuple):
    """What a bundle holds."""

    files: dict[str, str]
    """The digest of each file by its name."""
    expectations: list[Stored]


def index_of(content: bytes, place: str) -> Index:
    """Read a bundle's index.

    Raises:
        TrmbenchError: it is none.
    """
    try:
        found = parse(content)
        files = dict(found["files"])
        if found["format"] != FORMAT or not all(map(_is_name, files)):
            raise ValueError("of another format")
        return Index(files, [stored_from(each) for each in found.get("expectations", ())])
    except (ValueError, KeyError, TypeError) as error:
        raise TrmbenchError(
            f"{INDEX} of {place} is no index of a bundle: {error}", "`trmbench publish` writes one"
        ) from error


def _is_name(name: str) -> bool:
    return name.endswith(ARCHIVE) and re.fullmatch(r"[A-Za-z0-9._-]+", name) is not None


def unpack(archive: Path, store: Store, digest: str | None = None) -> int:
    """Unpack one archive of a bundle into a results folder, and return the number of rows.

    Args:
        archive: the file.
        store: where it goes; files that are there already are replaced.
        digest: the digest that the bundle's index names.

    Raises:
        TrmbenchError: it is not what was published.
    """
    try:
        if digest is not None and _digest(archive.read_bytes()) != digest:
            raise ValueError("its digest is not the one of the bundle's index")
        with zipfile.ZipFile(archive) as opened:
            files = _checked(opened)
            for (dataset, name), path in files.items():
                write_bytes(below(store.root, dataset) / f"{name}{SUFFIX}", opened.read(path))
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise TrmbenchError(f"{archive} is no file of a bundle: {error}", "get it again") from error
    return sum(dataset == "trials" for dataset, _ in files)


def _checked(opened: zipfile.ZipFile) -> dict[tuple[str, str], str]:
    """Return the files by dataset and name; nothing else may be in the archive.

    Raises:
        ValueError: something is not what was published.
    """
    manifest: Mapping[str, Any] = parse(opened.read(MANIFEST))
    if manifest["format"] != FORMAT:
        raise ValueError(f"format {manifest['format']!r:.20}, not {FORMAT}")
    wanted: Mapping[str, str] = manifest["files"]
    if sorted(opened.namelist()) != sorted([*wanted, MANIFEST]):
        raise ValueError("it holds other files than its manifest names")
    if sum(info.file_size for info in opened.infolist()) > MOST_BYTES:
        raise ValueError(f"it unpacks to more than {MOST_BYTES >> 30} GiB")
    found = {}
    for path, digest in wanted.items():
        dataset, _, file = path.partition("/")
        name = file.removesuffix(SUFFIX)
        if dataset not in SCHEMAS or not file.endswith(SUFFIX):
            raise ValueError(f"{path!r:.60} is no file of a results folder")
        owners(dataset, name)
        if _digest(opened.read(path)) != digest:
            raise ValueError(f"{path} is not what was published")
        found[dataset, name] = path
    return found


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
