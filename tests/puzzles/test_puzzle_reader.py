"""Reading puzzle files: what is read, which are chosen, and how bad ones are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from trmbench import PuzzleFormat, TrmbenchError, read_puzzles

HEADER = "source,question,answer,rating"
LAYOUT = PuzzleFormat(
    length=4,
    question=".ab",
    answer="ab",
    tokens={".": 1, "a": 2, "b": 3},
    faulty=lambda inputs, labels: ((inputs != 1) & (inputs != labels)).any(axis=1),
    fault="the answer contradicts its question",
)


def write(folder: Path, *lines: str) -> Path:
    path = folder / "train.csv"
    path.write_text("\n".join((HEADER, *lines)) + "\n", encoding="utf-8")
    return path


def numbered(count: int) -> list[str]:
    """Rows whose questions are all different."""
    letters = [
        f"{number:b}".rjust(4, "0").replace("0", "a").replace("1", "b") for number in range(count)
    ]
    return [f"s,{word},{word},0" for word in letters]


def test_characters_become_tokens(tmp_path: Path) -> None:
    puzzles = read_puzzles(write(tmp_path, "x,.a.b,aabb,3", 'y,"....",abab,0'), LAYOUT, None, 0)
    assert puzzles.inputs.tolist() == [[1, 2, 1, 3], [1, 1, 1, 1]]
    assert puzzles.labels.tolist() == [[2, 2, 3, 3], [2, 3, 2, 3]]
    assert puzzles.inputs.dtype == puzzles.labels.dtype == np.uint8


def test_fewer_chosen_puzzles_are_a_subset_in_file_order(tmp_path: Path) -> None:
    path = write(tmp_path, *numbered(16))
    few, more = (read_puzzles(path, LAYOUT, count, 7).inputs.tolist() for count in (4, 9))
    every = read_puzzles(path, LAYOUT, None, 7).inputs.tolist()
    assert len(few) == 4 and len(more) == 9
    assert few == [row for row in more if row in few]
    assert more == [row for row in every if row in more]


def test_the_seed_decides_the_choice(tmp_path: Path) -> None:
    path = write(tmp_path, *numbered(16))
    first, again, other = (
        read_puzzles(path, LAYOUT, 8, seed).inputs.tolist() for seed in (1, 1, 2)
    )
    assert first == again != other


def test_choice_does_not_depend_on_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, *numbered(16) * 50)
    whole = read_puzzles(path, LAYOUT, 100, 3)
    monkeypatch.setattr("trmbench.puzzles.reader._BLOCK_BYTES", 256)
    monkeypatch.setattr("trmbench.puzzles.reader._SPARE_ROWS", 5)
    assert (read_puzzles(path, LAYOUT, 100, 3).inputs == whole.inputs).all()


@pytest.mark.parametrize(
    ("lines", "line", "message"),
    [
        (["s,....,aaaa,0", "s,...,aaaa,0"], 3, "the question has 3 characters instead of 4"),
        (["s,....,aaaa,0", "s,....,aaaaa,0"], 3, "the answer has 5 characters instead of 4"),
        (["s,..x.,aaaa,0"], 2, "the question has 'x' at position 3"),
        (["s,....,aaaa,0", "s,....,aa.a,0"], 3, "the answer has '.' at position 3"),
        (["s,....,aaaa,0", "s,...a,aaab,0"], 3, "the answer contradicts its question"),
        (["s,....,aaaa,0", "", '"two\nlines",....,aaaa,0', "s,....,aaac,0"], 6, "'c'"),
        (["s,....,aaaa,0", "s,....,aaaa"], 3, "3 columns instead of 4"),
        (["s,....,aaaa,0", "s,..é,aaaa,0"], 3, "the question has 3 characters instead of 4"),
        (["s,....,aaaa,0", "s,..é.,aaaa,0"], 3, "the question has 'é' at position 3"),
        (["s,....,aaa☃,0"], 2, "the answer has '☃' at position 4"),
        (["s,....,,0"], 2, "the answer has 0 characters"),
    ],
)
def test_a_bad_row_is_named_by_file_and_line(
    tmp_path: Path, lines: list[str], line: int, message: str
) -> None:
    path = write(tmp_path, *lines)
    with pytest.raises(TrmbenchError) as caught:
        read_puzzles(path, LAYOUT, None, 0)
    assert f"{path}, line {line}: " in str(caught.value)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_bad_row_is_found_in_a_later_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trmbench.puzzles.reader._BLOCK_BYTES", 256)
    path = write(tmp_path, *["s,....,aaaa,0"] * 200, "s,....,aaa?,0")
    with pytest.raises(TrmbenchError, match=r"line 202: the answer has '\?' at position 4"):
        read_puzzles(path, LAYOUT, 1, 0)


@pytest.mark.parametrize("header", ["source,answer,question,rating", "question,answer", ""])
def test_a_wrong_header_is_refused(tmp_path: Path, header: str) -> None:
    path = tmp_path / "train.csv"
    path.write_text(f"{header}\ns,....,aaaa,0\n")
    with pytest.raises(
        TrmbenchError, match=r"train.csv, line 1: the header is .*it must be source"
    ):
        read_puzzles(path, LAYOUT, None, 0)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrmbenchError, match="nowhere.csv does not exist"):
        read_puzzles(tmp_path / "nowhere.csv", LAYOUT, None, 0)


def test_a_folder_in_place_of_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrmbenchError, match="cannot be read"):
        read_puzzles(tmp_path, LAYOUT, None, 0)


def test_a_file_without_puzzles_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrmbenchError, match="has no puzzles"):
        read_puzzles(write(tmp_path), LAYOUT, None, 0)


def test_asking_for_more_than_there_are_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrmbenchError, match="has 16 puzzles, 17 are asked for"):
        read_puzzles(write(tmp_path, *numbered(16)), LAYOUT, 17, 0)


@pytest.mark.parametrize("size", [200_000, 10_000_000])
def test_a_line_of_many_megabytes_is_named_by_its_number(tmp_path: Path, size: int) -> None:
    path = write(tmp_path, "s,....,aaaa,0", f"s,{'a' * size},aaaa,0")
    with pytest.raises(TrmbenchError) as caught:
        read_puzzles(path, LAYOUT, None, 0)
    assert f"{path}, line 3: field larger than field limit" in str(caught.value)
    path.write_text("a" * size)
    with pytest.raises(TrmbenchError, match="field larger than field limit"):
        read_puzzles(path, LAYOUT, None, 0)


def test_a_long_header_is_cut_in_the_message(tmp_path: Path) -> None:
    path = tmp_path / "train.csv"
    path.write_text("x," * 60_000 + "\n")
    with pytest.raises(
        TrmbenchError, match=r"line 1: the header is 'x,x,.*\.\.\..*it must"
    ) as caught:
        read_puzzles(path, LAYOUT, None, 0)
    assert len(str(caught.value)) < 300 + len(str(path))
