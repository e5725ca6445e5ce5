"""`trmbench checkpoint`: exchange weights with the public reference implementations."""

from __future__ import annotations

from pathlib import Path

import click

from trmbench.cli.options import complete_names, parse_overrides, results_option, set_option
from trmbench.plugin import registry


@click.group("checkpoint", short_help="Exchange weights with the public reference implementations.")
def command() -> None:
    """Bring in weights of the public reference implementations, or take them there."""


@command.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--model", required=True, shell_complete=complete_names(registry.models))
@click.option("--task", required=True, shell_complete=complete_names(registry.tasks))
@click.option("--preset", default="paper", help="The configuration that the weights belong to.")
@set_option
@results_option
def import_command(
    file: Path, model: str, task: str, preset: str, overrides: tuple[str, ...], results: str
) -> None:
    """Store the weights of FILE as a trained trial, which `trmbench evaluate` tests.

    FILE is a state dict in the reference implementation's names, saved by torch.save (read without
    executing what is in it) or as safetensors.
    """
    from trmbench.cli.console import console, warn
    from trmbench.experiment.cells import choose_cells
    from trmbench.store import Store
    from trmbench.trial.architecture import doubts
    from trmbench.trial.weights import NOT_IN_WEIGHTS, import_weights

    [cell] = choose_cells([model], [task], preset, None, parse_overrides(overrides)).cells
    store = Store(results, warn)
    store.ensure_writable()
    trial = import_weights(file, cell, store)
    taken = trial.config["model"]
    assumed = ", ".join(f"{name}={taken[name]}" for name in NOT_IN_WEIGHTS if name in taken)
    console.print(f"Imported {file} as trial {trial.trial_id}.", markup=False, soft_wrap=True)
    console.print(f"The weights do not tell, the configuration says: {assumed}.", soft_wrap=True)
    for line in doubts(taken):
        warn(line)
    console.print(f"Test it: trmbench evaluate {trial.trial_id} --results {results}", markup=False)


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
