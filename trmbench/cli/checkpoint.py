"""`trmbench checkpoint`: exchange weights with the public reference implementations."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trmbench.cli.options import complete_names, parse_overrides, results_option, set_option
from trmbench.errors import TrmbenchError
from trmbench.plugin import registry

if TYPE_CHECKING:
    from trmbench.published.checkpoints import PublicWeights
    from trmbench.spec import Trial


@click.group("checkpoint", short_help="Exchange weights with the public reference implementations.")
def command() -> None:
    """Bring in weights of the public reference implementations, or take them there."""


@command.command("import")
@click.argument("weights", metavar="FILE|NAME")
@click.option("--model", shell_complete=complete_names(registry.models))
@click.option("--task", shell_complete=complete_names(registry.tasks))
@click.option("--preset", default="paper", help="The configuration that the weights belong to.")
@click.option(
    "--path",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="With NAME: the file, had elsewhere than from the hub.",
)
@click.option(
    "--identifiers",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="ARC: the identifiers.json of the data that the weights were trained on.",
)
@set_option
@results_option
def import_command(
    weights: str,
    model: str | None,
    task: str | None,
    preset: str,
    path: Path | None,
    identifiers: Path | None,
    overrides: tuple[str, ...],
    results: str,
) -> None:
    """Store the weights of FILE as a trained trial, which `trmbench evaluate` tests.

    FILE is a state dict in the reference implementation's names, saved by torch.save (read without
    executing what is in it) or as safetensors. NAME is one that `trmbench list weights` prints: its
    file comes from the Hugging Face hub, its model, task and settings from the list.
    """
    from trmbench.cli.console import warn
    from trmbench.experiment.cells import choose_cells
    from trmbench.published.checkpoints import download
    from trmbench.store import Store
    from trmbench.trial.weights import import_weights

    public = _public(weights, model, task, path)
    settings = parse_overrides(tuple(public.options.split()) if public else ())
    model, task = (public.model, public.task) if public else _required(model, task)
    settings |= parse_overrides(overrides) | _identifiers(identifiers, task, public)
    choice = choose_cells([model], [task], preset, None, settings)
    [cell] = choice.cells
    for line in choice.warnings:
        warn(line)
    store = Store(results, warn)
    file = Path(weights) if public is None else path or download(public)
    source = {"name": public.name, "repository": public.repository} if public else {}
    _tell(import_weights(file, cell, store, source), file, public)


def _identifiers(file: Path | None, task: str, public: PublicWeights | None) -> dict[str, str]:
    """Name the task's setting that takes the file; refuse before 2 GB are fetched in vain."""
    if file is not None:
        option = registry.tasks().find(task).spec.identifiers_option
        if option is None:
            raise TrmbenchError(
                f"the puzzle identifiers of task {task} have no names", "leave out --identifiers"
            )
        return {f"task.{option}": str(file.absolute())}
    if public is not None and public.identifiers:
        raise TrmbenchError(
            f"the puzzle embeddings of {public.name} follow the variants of the data that they were"
            " trained on",
            "add --identifiers FILE, the identifiers.json that the reference's build_arc_dataset.py"
            f" writes for {public.identifiers}",
        )
    return {}


def _tell(trial: Trial, file: Path, public: PublicWeights | None) -> None:
    """Say what was imported, what the weights left open, and what to expect of them."""
    from trmbench.cli.console import console, warn
    from trmbench.trial.architecture import doubts
    from trmbench.trial.weights import NOT_IN_WEIGHTS

    taken = trial.config["model"]
    assumed = ", ".join(f"{name}={taken[name]}" for name in NOT_IN_WEIGHTS if name in taken)
    lines = [
        f"Imported {file} as trial {trial.trial_id}.",
        f"The weights do not tell, the configuration says: {assumed}.",
    ]
    expectation = public.expectation() if public else None
    if expectation:
        lines.append(f"To compare with: {expectation}.")
    lines.append(f"Test it: trmbench evaluate {trial.trial_id} --results {trial.results}")
    for line in doubts(taken):
        warn(line)
    for line in lines:
        console.print(line, markup=False, soft_wrap=True)


def _public(
    weights: str, model: str | None, task: str | None, path: Path | None
) -> PublicWeights | None:
    """Find the public weights that are meant; None where it is a file of the user's."""
    from trmbench.published.checkpoints import find_weights

    if Path(weights).exists() or os.sep in weights:
        if path is not None:
            raise TrmbenchError(f"{weights} is a file already", "leave out --path, or give a NAME")
        return None
    found = find_weights(weights)
    for what, given, its in (("model", model, found.model), ("task", task, found.task)):
        if given not in (None, its):
            raise TrmbenchError(
                f"{found.name} are weights for {what} {its}, not {given}", f"--{what} {its}"
            )
    return found


def _required(model: str | None, task: str | None) -> tuple[str, str]:
    if model is None or task is None:
        raise TrmbenchError(
            "a file of weights does not say what it is for", "add --model NAME --task NAME"
        )
    return model, task


@command.command("export")
@click.argument("trial")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE.safetensors",
    help="The file to write.",
)
@click.option("--weights", type=click.Choice(["ema", "raw"]), default="ema", help="Which weights.")
@results_option
def export_command(trial: str, output: Path, weights: str, results: str) -> None:
    """Write the final weights of TRIAL (the beginning of its id) as safetensors.

    They have the reference implementation's names where the model has one.
    """
    from trmbench.cli.console import console, warn
    from trmbench.experiment.plan import reevaluation
    from trmbench.store import Store
    from trmbench.trial.weights import export_weights

    found = reevaluation(Store(results, warn), trial, {"weights": weights})
    count = export_weights(found, output)
    console.print(f"Wrote {count} tensors to {output}.", markup=False, soft_wrap=True)
