"""`trmbench score`: predictions that were made elsewhere, next to ours."""

from __future__ import annotations

from pathlib import Path

import click

from trmbench.cli.options import complete_names, parse_overrides, results_option, set_option
from trmbench.plugin import registry


@click.command("score", short_help="Score predictions that were made elsewhere.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--task", required=True, shell_complete=complete_names(registry.tasks))
@click.option("--name", required=True, help="What the model that made them is to be called.")
@click.option("--seed", type=click.IntRange(0), default=0, help="Of the training they come from.")
@click.option("--preset", help="mini, paper, ...: the puzzles.", show_default="auto")
@set_option
@click.option("--allow-missing", is_flag=True, help="A puzzle without an answer counts as wrong.")
@click.option("--allow-doubled", is_flag=True, help="Of several answers the first counts.")
@click.option("--allow-unknown", is_flag=True, help="Leave out puzzles that the task has not.")
@results_option
def command(
    file: Path,
    task: str,
    name: str,
    seed: int,
    preset: str | None,
    overrides: tuple[str, ...],
    results: str,
    **allowed: bool,
) -> None:
    """Verify and score the predictions in FILE; they are then compared like a trial.

    FILE is NPZ, CSV, JSONL or Parquet, with the columns `puzzle_id` or `question`, `answer`, and
    optionally `confidence`, `abstained`, `candidates`, `second` and `cost`; `answer_tokens` has
    tokens instead of a text. Files with the same --name are the seeds of one cell.
    """
    from trmbench.cli.console import warn
    from trmbench.cli.summary import print_summary
    from trmbench.experiment.scored import scored_trial
    from trmbench.store import Store
    from trmbench.trial.scored import elsewhere, score_predictions

    store = Store(results, warn)
    settings = parse_overrides(overrides)
    trial = scored_trial(file, elsewhere(name), task, preset, settings, seed, store)
    faults = [key.removeprefix("allow_") for key, is_given in allowed.items() if is_given]
    for line in score_predictions(trial, file, store, faults):
        warn(line)
    print_summary(store, store.trials([trial.name]), 1)
