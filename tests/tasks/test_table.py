"""Tables of one's own: every layout is read, every fault is named, no question is on both sides."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from hypothesis import given, settings, strategies as st
from pyarrow import parquet

import trmbench_table
from trmbench import Batch, TrmbenchError
from trmbench.config.compose import compose
from trmbench.plugin import registry
from trmbench.testing import assert_task_conforms
from trmbench_table.cells import CHARACTERS, JSON, WORDS
from trmbench_table.layout import BLANK, layout_of
from trmbench_table.options import TableOptions
from trmbench_table.symmetry import symmetries_of
from trmbench_table.task import TableTask, load

TABLE = trmbench_table.table_task("table", "A table of one's own")
Pairs = Sequence[tuple[str, str]]
SUMS = [(f"{a}+{b}", str(a + b)) for a in range(0, 60, 3) for b in range(0, 20, 2)]
GRIDS = [
    ("".join(row), "".join("dcba"["abcd".index(s)] for s in row))
    for row in np.random.default_rng(0).choice(list("abcd"), (40, 9)).tolist()
]


def right_sum(question: str, answer: str) -> bool:
    """What a user gives as `task.verify`."""
    return answer.isdecimal() and eval(question) == int(answer)


def write_csv(file: Path, pairs: Pairs, header: str = "question,answer") -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", newline="", encoding="utf-8") as content:
        csv.writer(content).writerows([header.split(","), *pairs])
    return file


def folder_of(tmp_path: Path, pairs: Pairs, tested: int = 10) -> Path:
    write_csv(tmp_path / "train.csv", pairs[tested:])
    write_csv(tmp_path / "test.csv", pairs[:tested])
    return tmp_path


def task_of(path: Path, **options: Any) -> TableTask:
    return load(TableOptions(path=str(path), **options))


def texts(task: TableTask, split: str = "test") -> list[tuple[str | None, str | None]]:
    """The questions and answers of a split, back from their tokens."""
    layout, table = task._data.layout, task.split(split)
    return [
        (layout.text(question, answer=False), layout.text(answer, answer=True))
        for question, answer in zip(table.inputs, table.labels, strict=True)
    ]


def test_table_conforms() -> None:
    assert_task_conforms(TABLE)


@pytest.mark.parametrize(
    ("pairs", "shape"),
    [
        (SUMS, (1, 5)),
        (GRIDS, (3, 3)),
        ([(f"a {i} b ", " x" * (1 + i % 3)) for i in range(30)], (1, 7)),
        ([("👨‍👩‍👧🇩🇪❤️" * (1 + i % 2) + chr(97 + i), "🐍é") for i in range(20)], (1, 7)),
        ([(f"{i} {i + 1} 10", f"{i + 2}") for i in range(20)], (1, 3)),
        ([(f"{i:03}\n{i + 1:03}", f"{i % 7}{i % 5}\n{i % 3}{i % 2}") for i in range(20)], (2, 3)),
        ([(json.dumps([[i, "a b"], [1.5, 2]]), json.dumps([i])) for i in range(20)], (2, 2)),
    ],
    ids=["lengths", "square", "spaces", "emoji", "numbers", "lines", "lists"],
)
def test_texts_become_tokens_and_come_back(
    tmp_path: Path, pairs: Pairs, shape: tuple[int, int]
) -> None:
    task = task_of(folder_of(tmp_path, pairs))
    assert task.info.grid_shape == shape
    assert texts(task) == list(pairs[:10]) and texts(task, "train") == list(pairs[10:])
    for split in ("train", "test"):
        table = task.split(split)
        assert task.verify(table.inputs, table.labels).all()
        assert str(task.render(table.inputs[0])) and str(task.render(table.labels[0]))


def test_every_kind_of_file_gives_the_same_puzzles(tmp_path: Path) -> None:
    tables = {}
    for suffix in (".csv", ".tsv", ".jsonl", ".parquet"):
        for name, part in (("train", SUMS[10:]), ("test", SUMS[:10])):
            file = write_csv(tmp_path / suffix / f"{name}{suffix}", part)
            rows = [dict(zip(("question", "answer"), pair, strict=True)) for pair in part]
            if suffix == ".tsv":
                file.write_text(file.read_text().replace(",", "\t"))
            elif suffix == ".jsonl":
                file.write_text("\n".join(json.dumps({**row, "level": 3}) for row in rows))
            elif suffix == ".parquet":
                parquet.write_table(pa.Table.from_pylist(rows), file)
        tables[suffix] = task_of(tmp_path / suffix)
    assert len({task.info.fingerprint for task in tables.values()}) == 1


def test_one_file_is_divided_by_question(tmp_path: Path) -> None:
    pairs = [(f"{i % 40}", f"{i % 3}") for i in range(160)]
    task = task_of(write_csv(tmp_path / "all.csv", pairs), test_share=0.25)
    train, test = ({question for question, _ in texts(task, s)} for s in ("train", "test"))
    assert len(test) == 10 and len(train) == 30 and not train & test
    assert task.info.primary_metric == "valid_accuracy"  # a question has up to three answers
    assert "repeated rows left out" in task.info.source
    again = task_of(tmp_path, test_share=0.25)
    assert again.info.fingerprint == task.info.fingerprint
    assert task_of(tmp_path, data_seed=1).info.fingerprint != task.info.fingerprint


def test_copies_by_an_augmentation_stay_on_one_side(tmp_path: Path) -> None:
    turned = [("".join(q[i] for i in (2, 1, 0, 5, 4, 3, 8, 7, 6)), q) for q, _ in GRIDS]
    file = write_csv(tmp_path / "all.csv", [*((q, q) for q, _ in GRIDS), *turned])
    task = task_of(file, augmentations="dihedral")
    sides = [{question for question, _ in texts(task, split)} for split in ("train", "test")]
    for side, other in (sides, sides[::-1]):
        for question in side:
            mirrored = "".join(str(question)[i] for i in (2, 1, 0, 5, 4, 3, 8, 7, 6))
            assert mirrored in side and mirrored not in other


@pytest.mark.parametrize("augmentations", ["dihedral", "permute-symbols=a-d", "both"])
def test_augmented_copies_stay_right_and_other_answers_do_not(
    tmp_path: Path, augmentations: str
) -> None:
    names = "dihedral,permute-symbols=abcd" if augmentations == "both" else augmentations
    task = task_of(folder_of(tmp_path, [(q, q[::-1]) for q, _ in GRIDS]), augmentations=names)
    table = task.split("train").select(np.zeros(200, int))
    parts = (table.inputs, table.labels, table.puzzle_identifiers, np.arange(200))
    batch = Batch(*(torch.from_numpy(part).long() for part in parts))
    copies = task.augment(batch, torch.Generator().manual_seed(0))
    assert len(copies.inputs.unique(dim=0)) > 5
    inputs, labels = copies.inputs.byte().numpy(), copies.labels.byte().numpy()
    assert task.verify(inputs, labels).all()
    labels[:, 4] = np.where(labels[:, 4] == 2, 3, 2)
    assert not task.verify(inputs, labels).any()
    votes = task.votes(4, 0)
    restored = votes.restore(np.arange(40), votes.table.labels)
    assert (restored == task.split("test").labels.repeat(4, 0)).all()


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_signatures_are_equal_for_copies(data: st.DataObject) -> None:
    pair = (CHARACTERS.cut("abcabcabd"), CHARACTERS.cut("abcdabcda"))
    layout = layout_of([pair], CHARACTERS, None, Path())
    symmetries = symmetries_of("dihedral,permute-symbols=abcd", layout)
    grids = data.draw(st.lists(st.integers(2, 5), min_size=18, max_size=18))
    original = np.array(grids, np.uint8).reshape(1, 2, 9)
    order = symmetries.orders[data.draw(st.integers(0, 7))]
    names = np.array([0, 1, *data.draw(st.permutations([2, 3, 4, 5]))], np.uint8)
    copy = names[original[:, :, order]]
    assert symmetries.signatures(copy) == symmetries.signatures(original)
    assert len(symmetries.orders) == 8


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=12))
def test_cells_of_a_text_join_to_the_text(text: str) -> None:
    [line] = CHARACTERS.cut(text)
    again = CHARACTERS.join((line,))
    assert CHARACTERS.cut(again) == (line,)
    assert WORDS.cut(" ".join("ab")) == (("a", "b"),) and JSON.cut('[1, "a"]') == (("1", "a"),)


def test_a_short_answer_ends_where_it_ends(tmp_path: Path) -> None:
    task = task_of(folder_of(tmp_path, SUMS))
    table = task.split("test")
    short = table.labels.copy()
    longer = short[:, 0].copy()
    short[short[:, 1] == BLANK, 1] = longer[short[:, 1] == BLANK]  # "6" becomes "66"
    assert not task.verify(table.inputs, short)[table.labels[:, 1] == BLANK].any()


def test_the_users_own_function_judges(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    task = task_of(folder_of(tmp_path, SUMS), verify=f"{__name__}:right_sum")
    table = task.split("test")
    assert task.info.primary_metric == "valid_accuracy"
    assert task.verify(table.inputs, table.labels).all()
    assert not task.verify(table.inputs, table.labels[::-1].copy()).any()
    with pytest.raises(TrmbenchError, match="no_such_module:f is not there"):
        task_of(tmp_path, verify="no_such_module:f")


def test_further_test_files_are_splits(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, SUMS)
    write_csv(folder / "large.csv", [("90+91", "181")])
    task = task_of(folder, splits="large")
    assert texts(task, "large") == [("90+91", "181")] and len(task.split("test")) == 10


def test_bad_rows_are_counted_and_the_first_ten_named(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, SUMS)
    with (folder / "train.csv").open("a") as file:
        file.write('3+4\n,7\n1+1,\n"1\n+1",2,3\n' + "x\n" * 9)
    with pytest.raises(TrmbenchError) as caught:
        task_of(folder)
    line = len(SUMS) - 10 + 2
    told = str(caught.value)
    assert f"has 13 bad rows: train.csv line {line}: 1 columns instead of 2" in told
    assert f"line {line + 1}: its question is empty; " in told
    assert f"line {line + 2}: its answer is empty; " in told
    assert f"line {line + 3}: 3 columns instead of 2" in told
    assert told.count("line") == 10 and "and 3 more" in told


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.csv", b"", "has no column 'question'; it has none"),
        ("a.csv", b"question,answer\n", "has no puzzles"),
        ("a.csv", b"Question,answer\n1,2\n", "has no column 'question'; it has Question, answer"),
        ("a.csv", b"question,question,answer\n1,2,3\n", "has 2 columns 'question'"),
        ("a.csv", b"question,answer\n\xff\xfe,2\n", "is not UTF-8"),
        ("a.csv", b'question,answer\n"1,2\n', "line 2: unexpected end of data"),
        ("a.csv", b"question,answer\n1,2\n1,2\n", "has 1 different questions, too few"),
        ("a.jsonl", b"{}\n", "has no column 'question'"),
        ("a.jsonl", b'[1]\n{"question": 1, "answer": {}}\n{', "has 3 bad rows"),
        ("a.parquet", b"PAR1", "is no Parquet file"),
        ("a.txt", b"question,answer\n", "has no data"),
        ("train.csv", b"question,answer\n" + b"[1],[2]\n[[1],[2,3]],[1]\n", "columns instead"),
        ("a.csv", b'question,answer\n"[1]","[2]"\n"[[1],[2,3]]",[1]\n', "lines have"),
    ],
)
def test_what_cannot_be_a_table_is_one_line(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(TrmbenchError, match=reason) as caught:
        task_of(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_question_on_both_sides_is_refused_or_left_out(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, SUMS)
    write_csv(folder / "train.csv", SUMS[8:])
    with pytest.raises(TrmbenchError, match="2 questions of train.csv are tested as well.*line 2"):
        task_of(folder)
    task = task_of(folder, overlap="drop")
    assert len(task.split("train")) == len(SUMS) - 10
    assert "2 training rows left out" in task.info.source


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"path": "/nowhere"}, "there is no file or folder"),
        ({"grid": "1x3"}, "a text of .* has 5 cells"),
        ({"grid": "3"}, "task.grid=3 is not possible"),
        ({"augmentations": "dihedral"}, "needs answers that fill a square"),
        ({"augmentations": "mirror"}, "task.augmentations=mirror is not possible"),
        ({"augmentations": "permute-symbols=xyz"}, "0 of these symbols are in the data"),
        ({"train_puzzles": 5_000}, "5,000 are asked for"),
        ({"splits": "ood"}, "has no ood file"),
        ({"source": "hub"}, "task.source=hub"),
        ({"verify": "x"}, "task.verify=x"),
        ({"question": "q"}, "has no column 'q'"),
    ],
)
def test_impossible_options_are_refused(
    tmp_path: Path, options: dict[str, Any], reason: str
) -> None:
    with pytest.raises(TrmbenchError, match=reason):
        load(TableOptions(**{"path": str(folder_of(tmp_path, SUMS)), **options}))


def test_without_data_the_answer_is_what_to_add() -> None:
    with pytest.raises(TrmbenchError, match="task.path=DIR"):
        load(TableOptions())


@pytest.mark.parametrize("model", ["trm", "direct", "hrm", "eqr", "ptrm", "se-rrm", "urm", "cgar"])
def test_every_model_has_a_mini_preset_that_fits_the_data(tmp_path: Path, model: str) -> None:
    spec, task = registry.models().find(model).spec, TABLE
    small = compose(spec, task, "mini", {"task.path": str(folder_of(tmp_path / "a", SUMS))}).values
    assert small["task"]["validation"] == 19 and 0 < small["train"]["steps"] < 2_000
    long = [(q * 60, a * 60) for q, a in SUMS]
    other = compose(spec, task, "mini", {"task.path": str(folder_of(tmp_path / "b", long))}).values
    assert other["train"]["steps"] < small["train"]["steps"]
    chosen = {"task.path": str(tmp_path / "a"), "train.steps": 7}
    assert compose(spec, task, "mini", chosen).values["train"]["steps"] == 7
