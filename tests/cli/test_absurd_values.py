"""Absurd values of settings and options are refused in one line before anything runs."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from trmbench.cli.main import run_command
from trmbench.plugin import registry
from trmbench.spec.ranges import range_of
from trmbench.spec.settings import CORE_SECTIONS

MAZE = ("trm", "maze")
STEPS, BATCH = "use 1 to 1,000,000,000", "use 1 to 1,000,000"
RATE, DECAY, SHARE = "use 0 to 10", "use 0 to 1,000", "use 0 to 1"
FRACTION = "use 0 or more, less than 1"
DURATION = "use 0 to 315,360,000"
LAYERS, RECURSIONS = "use 1 to 200", "use 1 to 100"
HUGE = "9" * 5000

SETTINGS: list[tuple[tuple[str, str], str, str, str]] = [
    (MAZE, "train.steps", "-5 0 1000000001 0x" + "f" * 5000, STEPS),
    (MAZE, "train.steps", f"nan inf 1.5 true many [1] {HUGE}", "give a whole number or none"),
    (MAZE, "train.epochs", "-1 0 99999999999999999999", STEPS),
    (MAZE, "train.epochs", "1e9", "give a whole number or none"),
    (MAZE, "train.batch_size", "0 -1 1000001", BATCH),
    (MAZE, "train.batch_size", "none 2.5", "give a whole number"),
    (MAZE, "train.optimizer", "sgd", "one of: adam_atan2, adamw, muon"),
    (MAZE, "train.learning_rate", "-1 -1e-9 11", RATE),
    (MAZE, "train.learning_rate", "nan inf -inf 1e400 fast", "give a number"),
    (MAZE, "train.warmup_steps", "-3 1000000001", "use 0 to 1,000,000,000"),
    (MAZE, "train.min_learning_rate_ratio", "-0.1 1.01", SHARE),
    (MAZE, "train.weight_decay", "-1 1001", DECAY),
    (MAZE, "train.beta1", "2 1 -0.5", FRACTION),
    (MAZE, "train.beta2", "2 1 -0.5", FRACTION),
    (MAZE, "train.beta2", "nan", "give a number"),
    (MAZE, "train.puzzle_learning_rate", "-1 11", RATE),
    (MAZE, "train.puzzle_weight_decay", "-1 1001", DECAY),
    (MAZE, "train.ema", "2 1 -1", FRACTION),
    (MAZE, "train.halting", "1 perhaps", "give true or false"),
    (MAZE, "train.halt_exploration", "5 -0.1", SHARE),
    (MAZE, "train.clip", "-1 nan 1e10", "train.clip"),
    (MAZE, "train.label_smoothing", "-0.1 1.01", SHARE),
    (MAZE, "train.loss", "none 3", "'stable_max' or 'softmax'"),
    (MAZE, "train.precision", "float8", "'float32'"),
    (MAZE, "train.threads", "0 -1 100000", "use 1 to 1,024"),
    (MAZE, "evaluation.limit", "0 -1 1000000001", STEPS),
    (MAZE, "evaluation.votes", "0 -1 100001", "use 1 to 100,000"),
    (MAZE, "evaluation.steps", "0 -1 99999999999", "use 1 to 100,000"),
    (MAZE, "evaluation.batch_size", "0 -1 1000001", BATCH),
    (MAZE, "evaluation.early_exit", "-1 100001", "use 0 to 100,000"),
    (MAZE, "execution.max_parallel", "0 -1 10001", "use 1 to 10,000"),
    (MAZE, "execution.time_budget", "-1 315360001", DURATION),
    (MAZE, "execution.time_budget", "nan inf", "give a number"),
    (MAZE, "execution.checkpoint_every", "-1 315360001", DURATION),
    (MAZE, "execution.micro_batch", "0 -1 1000001", BATCH),
    (MAZE, "execution.log_every", "0 -1 1000000001", STEPS),
    (MAZE, "execution.device", "abacus", "'auto' or 'cpu'"),
    (MAZE, "runner.gpus_per_trial", "-1 10001", "use 0 to 10,000"),
    (MAZE, "runner.workers_per_trial", "0 -1 10001", "use 1 to 10,000"),
    (MAZE, "model.layers", "0 -1 201", LAYERS),
    (MAZE, "model.width", "0 -8 65537", "use 1 to 65,536"),
    (MAZE, "model.heads", "0 -1 1025", "use 1 to 1,024"),
    (MAZE, "model.expansion", "0 -1 65", "use more than 0, at most 64"),
    (MAZE, "model.multiple_of", "0 -1 65537", "use 1 to 65,536"),
    (MAZE, "model.mixing", "conv", "'attention' or 'mlp'"),
    (MAZE, "model.puzzle_positions", "-1 1025", "use 0 to 1,024"),
    (MAZE, "model.puzzle_dim", "-1", "use 0 or more"),
    (MAZE, "model.T", "0 -1 101", RECURSIONS),
    (MAZE, "model.n", "0 -1 101", RECURSIONS),
    (MAZE, "model.supervision_steps", "0 -1 10001", "use 1 to 10,000"),
    (MAZE, "model.features", "0 -1 1001", "use 1 to 1,000"),
    (("hrm", "maze"), "model.layers", "0 201", LAYERS),
    (("hrm", "maze"), "model.high_layers", "0 201", LAYERS),
    (("hrm", "maze"), "model.T", "0 101", RECURSIONS),
    (("hrm", "maze"), "model.n", "0 101", RECURSIONS),
    (("hrm", "maze"), "model.puzzle_positions", "-1 1025", "use 0 to 1,024"),
    (("direct", "maze"), "model.layers", "0 201", LAYERS),
    (("direct", "maze"), "model.puzzle_positions", "-1 1025", "use 0 to 1,024"),
    (("urm", "maze"), "model.layers", "0 201", LAYERS),
    (("urm", "maze"), "model.puzzle_positions", "-1 1025", "use 0 to 1,024"),
    (("urm", "maze"), "model.T", "0 101", RECURSIONS),
    (("urm", "maze"), "model.n", "0 101", RECURSIONS),
    (("urm", "maze"), "model.kernel", "0 1025", "use 1 to 1,024"),
    (("se-rrm", "maze"), "model.layers", "0 201", LAYERS),
    (("se-rrm", "maze"), "model.width", "0 65537", "use 1 to 65,536"),
    (("se-rrm", "maze"), "model.heads", "0 1025", "use 1 to 1,024"),
    (("se-rrm", "maze"), "model.head_width", "0 4097", "use 1 to 4,096"),
    (("se-rrm", "maze"), "model.symbol_heads", "0 1025", "use 1 to 1,024"),
    (("se-rrm", "maze"), "model.symbol_head_width", "0 4097", "use 1 to 4,096"),
    (("se-rrm", "maze"), "model.expansion", "0 65", "use more than 0, at most 64"),
    (("se-rrm", "maze"), "model.multiple_of", "0 65537", "use 1 to 65,536"),
    (("se-rrm", "maze"), "model.extra_positions", "-1 1025", "use 0 to 1,024"),
    (("se-rrm", "maze"), "model.T", "0 101", RECURSIONS),
    (("se-rrm", "maze"), "model.n", "0 101", RECURSIONS),
    (("se-rrm", "maze"), "model.supervision_steps", "0 10001", "use 1 to 10,000"),
    (("ptrm", "maze"), "model.rollouts", "0 -1 100001", "use 1 to 100,000"),
    (("ptrm", "maze"), "model.noise", "-0.1 1001", DECAY),
    (("ptrm", "maze"), "model.steps", "0 -1 100001", "use 1 to 100,000"),
    (MAZE, "task.source", "elsewhere", "use one of hub, path, generated"),
    (MAZE, "task.path", "[1] true", "give a text"),
    (MAZE, "task.path", r'"a\u0000b"', "leave out the null byte"),
    (MAZE, "task.train_puzzles", "0 -1 1000000001", STEPS),
    (MAZE, "task.train_puzzles", "1000001", "at most 1,000,000 puzzles are generated"),
    (MAZE, "task.test_puzzles", "0 -1 1000000001", STEPS),
    (MAZE, "task.validation", "-1 1000000001", "use 0 to 1,000,000,000"),
    (MAZE, "task.data_seed", "-1 9223372036854775808", "use 0 to 9,223,372,036,854,775,807"),
    (MAZE, "task.size", "-3 1 61", "use 2 to 60"),
    (MAZE, "task.min_path_length", "0 -1", "use 1 or more"),
    (MAZE, "task.min_path_length", "36", "has room for 1 to 35 steps"),
    (MAZE, "task.min_walls", "-0.1 1", FRACTION),
    (MAZE, "task.max_walls", "-0.1 1", FRACTION),
    (MAZE, "task.max_walls", "0.1", "min_walls is at most max_walls"),
    (("trm", "sudoku"), "task.size", "7", "use 4, 6, 9 or 16"),
    (("trm", "sudoku"), "task.size", "0 17", "use 4 to 16"),
    (("trm", "sudoku"), "task.clues", "-1 257", "use 0 to 256"),
    (("trm", "sudoku"), "task.variants", "-1 1000001", "use 0 to 1,000,000"),
    (("trm", "nonogram"), "task.size", "1 25", "use 2 to 24"),
    (("trm", "nonogram"), "task.min_black", "0 1", "use more than 0, less than 1"),
    (("trm", "nonogram"), "task.max_black", "0 1", "use more than 0, less than 1"),
    (("trm", "nonogram"), "task.min_rounds", "0 1001", "use 1 to 1,000"),
    (("trm", "queens"), "task.size", "3 13", "use 4 to 12"),
    (("trm", "queens"), "task.min_hidden", "0", "use 1 or more"),
    (("trm", "queens"), "task.max_hidden", "0", "use 1 or more"),
    (("trm", "coloring"), "task.vertices", "3 13", "use 4 to 12"),
    (("trm", "coloring"), "task.degree", "0 -1", "use more than 0"),
    (("trm", "coloring"), "task.max_solutions", "0 1000001", "use 1 to 1,000,000"),
    (("trm", "arc1"), "task.canvas", "0 31", "use 1 to 30"),
    (("trm", "arc1"), "task.train_tasks", "-1", "use 0 or more"),
    (("trm", "arc1"), "task.test_tasks", "0 -1", "use 1 or more"),
    (("trm", "arc2"), "task.variants", "0 100001", "use 1 to 100,000"),
    (("trm", "arc2"), "task.validation", "-1", "use 0 or more"),
    (("trm", "arc2"), "task.seed", "-1", "use 0 to 9,223,372,036,854,775,807"),
]
"""Model and task, setting, values with spaces between, words of the line that refuses each."""

OPTIONS: list[tuple[str, str, str]] = [
    ("--limit", "0 -1", "evaluation.limit"),
    ("--votes", "0 -1 1000000", "evaluation.votes"),
    ("--votes", "x 1.5", "not a valid integer"),
    ("--device", "abacus", "execution.device"),
    ("--max-parallel", "0 -1", "execution.max_parallel"),
    ("--time-budget", "-1 nan inf 1e400", "execution.time_budget"),
    ("--checkpoint-every", "-1 nan 1e12", "execution.checkpoint_every"),
    ("--early-exit", "100001", "evaluation.early_exit"),
    ("--gpus-per-trial", "-1 nan", "runner.gpus_per_trial"),
    ("--runner", "nope", "unknown runner 'nope'"),
    ("--preset", "minni", "did you mean 'mini'"),
    ("--seeds", "0 -1 4-0 1.5 1,,2 x", "use 5 (seeds 0 to 4), 0-4, or 0,2,7"),
    ("--seeds", "10001 1000000000000 0-10000", "more than 10,000 seeds"),
    ("--seeds", "9223372036854775808-9223372036854775808", "use 0 to 2^63 - 1"),
    ("--seeds", HUGE, "is not understood"),
    ("--set", "train.steps", "is not KEY=VALUE"),
    ("--set", "=5 steps=5 train=5 train.stepz=5", "unknown setting"),
]
"""Option of `run`, values with spaces between, words of the line that refuses each."""

ON_RAY = ["run", "--model=trm", "--task=maze", "--preset=mini", "--dry-run", "--runner=ray"]

COMMANDS: list[tuple[list[str], str]] = [
    ([*ON_RAY, "--set=runner.cpus_per_trial=-1"], "use 0 to 10,000"),
    ([*ON_RAY, "--set=runner.gpus_per_trial=-1"], "use 0 to 10,000"),
    ([*ON_RAY, "--set=runner.workers_per_trial=0"], "use 1 to 10,000"),
    (["bench", "--seconds=nan"], "no time to measure in"),
    (["bench", "--seconds=-1"], "no time to measure in"),
    (["bench", "--seconds=inf"], "no time to measure in"),
    (["bench", "--steps=0"], "no time to measure in"),
    (["compare", "--margin=nan"], "use 0 to 100 points"),
    (["compare", "--margin=-1"], "use 0 to 100 points"),
    (["compare", "--where", "(" * 5000], "5,000 parentheses"),
    (["compare", "--where", "not " * 2000 + "seed = 1"], "at most 100"),
    (["compare", "--where", "seed = " + "1" * 20000], "has 20,007 characters"),
    (["show", "--where", "seed = 'x"], "is not understood"),
    (["resume", "--time-budget=nan"], "execution.time_budget=nan"),
    (["resume", "--max-parallel=0"], "execution.max_parallel=0"),
    (["new", "model", "a" * 300], "File name too long"),
    (["compare", f"--results={'r' * 300}"], "File name too long"),
    (["resume", f"--results={'r' * 300}"], "File name too long"),
    (["compare", "--results=a\0b"], "an argument has a null byte"),
    (["compare", "--results=a\udcff"], "is not UTF-8"),
]


def cases() -> Iterator[tuple[list[str], str]]:
    """Command lines, and words of the lines that refuse them."""
    for (model, task), setting, values, words in SETTINGS:
        for value in values.split(" "):
            run = ["run", f"--model={model}", f"--task={task}", "--preset=mini", "--dry-run"]
            yield [*run, f"--set={setting}={value}"], f"{setting}=|{words}"
    for option, values, words in OPTIONS:
        for value in values.split(" "):
            run = ["run", "--model=trm", "--task=maze", "--preset=mini", "--dry-run"]
            yield [*run, f"{option}={value}"], words
    yield from COMMANDS


CASES = list(cases())


@pytest.mark.parametrize(
    ("arguments", "words"), CASES, ids=[" ".join(line)[-60:] for line, _ in CASES]
)
def test_an_absurd_value_is_refused_in_one_line(
    arguments: list[str],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_command(arguments) == 2
    shown, said = capsys.readouterr()
    assert said.startswith("trmbench: ") and said.count("\n") == 1 and len(said) < 2000
    assert all(word in said for word in words.split("|"))
    assert not shown and not list(tmp_path.iterdir())


def test_there_are_many_of_them() -> None:
    assert len(CASES) >= 150


def test_every_number_among_the_settings_has_a_range() -> None:
    sections = dict(CORE_SECTIONS)
    for kind in (registry.models, registry.tasks, registry.runners):
        sections |= {f"{entry.qualified_name}": entry.spec.options for entry in kind()}
    for name, schema in sections.items():
        if name.partition(":")[0] not in ("trmbench", *CORE_SECTIONS):
            continue
        types = typing.get_type_hints(schema)
        for field in dataclasses.fields(schema):
            if typing.get_origin(types[field.name]) is Mapping:
                continue  # numbers by names that the harness does not know
            numbers = {int, float} & {types[field.name], *typing.get_args(types[field.name])}
            assert not numbers or range_of(field), f"{name}: {field.name}"
