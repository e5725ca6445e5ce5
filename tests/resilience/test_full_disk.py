"""A full disk: one clear line, nothing lost, and on it goes once there is space."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from resilience.support import TOY, predictions, run, statuses

pytestmark = pytest.mark.slow


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of three megabytes."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("only root can mount a small file system")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def fill(disk: Path, leave: int) -> Path:
    """Fill a disk but for some bytes."""
    space = os.statvfs(disk)
    filler = disk / "filler"
    filler.write_bytes(bytes(max(0, space.f_bavail * space.f_frsize - leave)))
    return filler


@pytest.mark.parametrize("leave", [0, 40_000])
def test_a_full_disk_is_one_clear_line_and_costs_nothing(small_disk: Path, leave: int) -> None:
    arguments = ["run", *TOY, "--set=train.steps=20", f"--results={small_disk}"]
    assert run(*arguments, "--seeds=1").returncode == 0
    before = predictions(small_disk)
    filler = fill(small_disk, leave)
    wide = [*arguments, "--set=model.width=64", "--seeds=1"]
    done = run(*wide)
    assert done.returncode in (1, 2)
    said = done.stderr + done.stdout
    assert "cannot write" in said and "No space left" in said and "make space" in said, said
    assert "Traceback" not in said
    assert predictions(small_disk).equals(before)
    assert not list(small_disk.rglob("*.tmp"))
    filler.unlink()
    done = run(*wide)
    assert done.returncode == 0, done.stderr
    assert statuses(small_disk) == ["finished", "finished"]
