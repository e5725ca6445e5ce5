"""What can happen to any file: it is cut, altered, replaced by something else, or another's."""

from __future__ import annotations

import os
import random
import socket
from collections.abc import Callable
from pathlib import Path

from resilience.damages.kinds import OUTSIDE, Damage


def _cut(path: Path, keep: Callable[[int], int]) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: keep(len(content))])


def _flip(path: Path, where: float) -> None:
    content = bytearray(path.read_bytes())
    content[int(where * (len(content) - 1))] ^= 0x10
    path.write_bytes(bytes(content))


def _noise(path: Path) -> None:
    path.write_bytes(random.Random(0).randbytes(max(64, path.stat().st_size)))


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "precious").write_text("precious")


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _socket(path: Path) -> None:
    path.unlink()
    here = os.getcwd()
    os.chdir(path.parent)  # the address of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(path.name)
    finally:
        os.chdir(here)


def _link(path: Path, target: Path) -> None:
    path.unlink()
    path.symlink_to(target)


def _link_outside(path: Path) -> None:
    """A link to the very file, kept outside of the results folder."""
    outside = next(p for p in path.parents if (p / OUTSIDE).exists()) / OUTSIDE
    moved = path.rename(outside / path.name)
    path.symlink_to(moved)


def _swap(path: Path, other: Path) -> None:
    mine, theirs = path.read_bytes(), other.read_bytes()
    path.write_bytes(theirs)
    other.write_bytes(mine)


def _link_to_folder(path: Path) -> None:
    outside = next(p for p in path.parents if (p / OUTSIDE).exists()) / OUTSIDE
    _link(path, outside)


ANY: dict[str, Damage] = {
    "missing": lambda path, other: path.unlink(),
    "empty": lambda path, other: _cut(path, lambda size: 0),
    "half": lambda path, other: _cut(path, lambda size: size // 2),
    "one byte short": lambda path, other: _cut(path, lambda size: size - 1),
    "first byte": lambda path, other: _cut(path, lambda size: 1),
    "noise": lambda path, other: _noise(path),
    "zeros": lambda path, other: path.write_bytes(bytes(path.stat().st_size)) and None,
    "twice": lambda path, other: path.write_bytes(path.read_bytes() * 2) and None,
    "text": lambda path, other: path.write_text("nothing of ours\n") and None,
    "another trial's": lambda path, other: path.write_bytes(other.read_bytes()) and None,
    "swapped": _swap,
    "folder": lambda path, other: _folder(path),
    "pipe": lambda path, other: _pipe(path),
    "socket": lambda path, other: _socket(path),
    "dangling link": lambda path, other: _link(path, path.parent / "nowhere"),
    "circle": lambda path, other: _link(path, path),
    "link outside": lambda path, other: _link_outside(path),
    "link to a folder": lambda path, other: _link_to_folder(path),
    "link to another": lambda path, other: _link(path, other),
    "link to a device": lambda path, other: _link(path, Path("/dev/zero")),
    "locked": lambda path, other: path.chmod(0),
    **{
        f"bit flipped at {where:.2f}": lambda path, other, where=where: _flip(path, where)
        for where in (0.0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.97, 1.0)
    },
}
