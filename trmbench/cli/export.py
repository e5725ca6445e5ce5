"""`trmbench export`: a trained trial for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from trmbench.cli.options import results_option

if TYPE_CHECKING:
    from trmbench.trial.export import Exported


@click.command("export", short_help="Write a trained trial for ONNX Runtime or torch alone.")
@click.argument("trial")
@click.option(
    "--format",
    "kind",
    type=click.Choice(["torch", "onnx", "safetensors"]),
    required=True,
    help="A program of torch.export, an ONNX model, or the weights alone.",
)
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    metavar="FILE",
)
@click.option("--depth", type=click.IntRange(1), help="Supervision steps; else as it was tested.")
@results_option
def command(trial: str, kind: str, output: Path, depth: int | None, results: str) -> None:
    """Write TRIAL (the beginning of its id) to FILE.

    torch and onnx write the whole answer, and one supervision step next to it (FILE-step). Before
    that, the answers of the file to 256 test puzzles are compared with the model's.
    """
    from trmbench.cli.console import console
    from trmbench.trial.export import export
    from trmbench.trial.saved import load_model
    from trmbench.trial.weights import export_weights

    [parts] = load_model(trial, results, depth=depth, device="cpu").parts
    if kind == "safetensors":
        count = export_weights(parts.trial, output)
        console.print(f"wrote {output}: {count} tensors, {_size(output)}", soft_wrap=True)
    else:
        _tell(export(parts, kind, output))


def _tell(done: Exported) -> None:
    from trmbench.cli.console import console

    per_answer = f"{1e3 * done.seconds:.1f} ms (in torch {1e3 * done.seconds_in_torch:.1f} ms)"
    median = "median processor time" if done.threads == 1 else "median"
    threads = "1 thread" if done.threads == 1 else f"{done.threads} threads"
    for line in (
        f"wrote {done.whole}: the answer after {done.depth} supervision steps, {_size(done.whole)}",
        f"wrote {done.step}: one supervision step, {_size(done.step)}",
        f"{done.puzzles} of {done.puzzles} answers equal those of the trial",
        f"{per_answer} for one puzzle, {median}, {threads} of this CPU",
    ):
        console.print(line, soft_wrap=True)


def _size(file: Path) -> str:
    return f"{file.stat().st_size / 1e6:.2f} MB"
