"""Files that the user names: what is at that place stays what it is."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
import torch

from trmbench.errors import TrmbenchError
from trmbench.store import checkpoints as checkpoint
from trmbench.store.atomic import replace_file, write_text
from trmbench.store.output import write_output


def hello(path: Path) -> int:
    return path.write_text("hello")


def test_a_link_is_followed_and_its_target_keeps_its_mode(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("before")
    target.chmod(0o640)
    link.symlink_to(target)
    write_output(link, hello)
    assert link.is_symlink() and target.read_text() == "hello"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_device_stays_a_device(tmp_path: Path) -> None:
    with pytest.raises(TrmbenchError, match="cannot write to /dev/full: No space left"):
        write_output(Path("/dev/full"), hello)
    write_output(Path("/dev/null"), hello)
    for device in ("/dev/full", "/dev/null"):
        assert stat.S_ISCHR(os.stat(device).st_mode)


def test_a_pipe_gets_the_content_and_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(TrmbenchError, match="cannot write to"):
        write_output(pipe, hello)
    got: list[str] = []
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_output(pipe, hello)
    got.append(os.read(reader, 100).decode())
    os.close(reader)
    assert got == ["hello"] and stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.parametrize("place", [".", "a\0b", "n" * 300, "circle"])
def test_what_can_be_no_file_is_one_line(place: str, tmp_path: Path) -> None:
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    with pytest.raises(TrmbenchError, match="cannot"):
        write_output(tmp_path / place, hello)
    assert [path.name for path in tmp_path.iterdir()] == ["circle"]


def test_the_store_follows_no_link_and_replaces_nothing_but_files(tmp_path: Path) -> None:
    outside, link, folder = tmp_path / "outside", tmp_path / "link", tmp_path / "folder"
    outside.write_text("precious")
    link.symlink_to(outside)
    folder.mkdir()
    os.mkfifo(tmp_path / "pipe")
    for place, words in ((link, "it is a link"), (folder, "a folder"), (tmp_path / "pipe", "pipe")):
        with pytest.raises(TrmbenchError, match=words):
            replace_file(place, hello)
    assert outside.read_text() == "precious" and link.is_symlink()


def test_all_files_of_a_checkpoint_have_the_mode_of_their_neighbours(tmp_path: Path) -> None:
    folder = tmp_path / "checkpoints" / ("0" * 12)
    checkpoint.save(folder, "final", {"weight": torch.zeros(2)}, {})
    write_text(tmp_path / "neighbour", "")
    modes = {path.stat().st_mode for path in [*folder.iterdir(), tmp_path / "neighbour"]}
    assert len(modes) == 1
