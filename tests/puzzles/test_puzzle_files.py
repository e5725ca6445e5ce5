"""Published files come from a folder or from the hub, and failures say what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from huggingface_hub import errors

from trmbench import PuzzleFormat, PuzzleOptions, TrmbenchError, published_puzzles

LAYOUT = PuzzleFormat(
    length=2,
    question=".a",
    answer="a",
    tokens={".": 1, "a": 2},
    faulty=lambda inputs, labels: inputs[:, 0] > labels[:, 0],
    fault="never",
)


def write_files(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in (("train.csv", 5), ("test.csv", 3)):
        (folder / name).write_text("source,question,answer,rating\n" + "s,.a,aa,0\n" * rows)
    return folder


def test_a_path_wins_over_the_source(tmp_path: Path) -> None:
    options = PuzzleOptions(source="hub", path=str(write_files(tmp_path)), train_puzzles=4)
    train, test, source = published_puzzles(options, "owner/data", LAYOUT)
    assert (len(train.inputs), len(test.inputs), source) == (4, 3, str(tmp_path))


def test_the_hub_is_asked_for_the_data_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_files(tmp_path / "snapshots" / "0123456789abcdef")
    asked = []

    def download(repo_id: str, filename: str, *, repo_type: str) -> str:
        asked.append((repo_id, filename, repo_type))
        return str(folder / filename)

    monkeypatch.setattr("huggingface_hub.hf_hub_download", download)
    _, _, source = published_puzzles(PuzzleOptions(), "owner/data", LAYOUT)
    assert asked == [("owner/data", name, "dataset") for name in ("train.csv", "test.csv")]
    assert source == "owner/data, revision 0123456789ab"


@pytest.mark.parametrize(
    "error",
    [
        errors.LocalEntryNotFoundError("cannot reach the hub\nand not cached"),
        errors.OfflineModeIsEnabled("offline mode"),
        ConnectionError("no route to host"),
        OSError(101, "Network is unreachable"),
        TimeoutError(),
        RuntimeError("an error of the client that is no OSError"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_no_network_says_how_to_use_a_folder(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def download(*_: object, **__: object) -> str:
        raise error

    monkeypatch.setattr("huggingface_hub.hf_hub_download", download)
    with pytest.raises(TrmbenchError) as caught:
        published_puzzles(PuzzleOptions(), "owner/data", LAYOUT)
    text = str(caught.value)
    assert text.startswith("train.csv of owner/data cannot be downloaded: ")
    assert "--set task.path=DIR" in text and "\n" not in text
