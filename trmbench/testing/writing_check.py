"""The contract of `Task.read`, `read_answers` and `write`."""

from __future__ import annotations

from trmbench.spec import IGNORED_LABEL, Task
from trmbench.testing.cases import ROWS, TaskCase
from trmbench.testing.conformance import require


def writing(case: TaskCase) -> None:
    """Answers and questions that are written can be read again."""
    task, table = case.task, case.tables["test"].select(slice(ROWS))
    texts = task.write(table.labels)
    require(
        len(texts) == len(table) and not any("\n" in text for text in texts),
        f"write gives {len(texts)} texts of {len(table)} answers; each is one line",
    )
    again = task.read_answers(texts)
    wrong = ((again != table.labels) & (table.labels != IGNORED_LABEL)).any(axis=1)
    require(
        not wrong.any(),
        f"read_answers gives another answer than write wrote for puzzle"
        f" {table.puzzle_ids[int(wrong.argmax())]}: {texts[int(wrong.argmax())]!r}",
    )
    characters = task.info.characters or {}
    names = {token: character for character, token in reversed(list(characters.items()))}
    for tokens, puzzle_id in zip(table.inputs, table.puzzle_ids, strict=True):
        if type(task).read is not Task.read or not names.keys() >= set(tokens.tolist()):
            continue  # the task has a writing of its own, or no character for something
        text = "".join(names[token] for token in tokens.tolist())
        [found] = task.read(text)
        require(
            bool((found.tokens == tokens).all()),
            f"read gives another question than puzzle {puzzle_id}: {text!r}",
        )
