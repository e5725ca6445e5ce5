"""`trmbench tune`: choose settings on held-out puzzles."""

from __future__ import annotations

import tomllib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from trmbench import TrmbenchError, write_output

SEED = "1000-1000"
"""One seed, and none that is likely to be run with what is chosen."""


@click.command("tune", short_help="Choose settings on held-out puzzles, by Ray Tune.")
@click.option("--model", required=True)
@click.option("--task", required=True)
@click.option("--preset", help="mini, paper, ...", show_default="auto")
@click.option(
    "--space",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    metavar="FILE.toml",
    help="The settings that are tried.",
)
@click.option("--trials", type=click.IntRange(1), default=20, help="How many settings are tried.")
@click.option("--seeds", default=SEED, help="Of each of them, as for run.")
@click.option("--search-seed", type=click.IntRange(0), default=0, help="Of the search.")
@click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="A setting that is the same for all, such as task.validation=100.",
)
@click.option("--ray-address", help="Of a Ray cluster; else one is started here.")
@click.option("--results", default="tuning", metavar="DIR", help="Where the trials are stored.")
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("tuned.toml"),
    metavar="FILE.toml",
    help="The chosen settings, for `trmbench run --config`.",
)
def command(
    model: str,
    task: str,
    preset: str | None,
    space: Path,
    trials: int,
    seeds: str,
    search_seed: int,
    overrides: tuple[str, ...],
    ray_address: str | None,
    results: str,
    output: Path,
) -> None:
    """Try settings on the puzzles that the task holds out, and write the best ones to a file.

    No test puzzle is looked at. The file tells how many settings were tried; so do the trials that
    are run with it, and `trmbench compare`.
    """
    if find_spec("ray") is None:
        raise TrmbenchError("tune needs Ray, which is not installed", "pip install 'trmbench[ray]'")
    from trmbench_ray.tuning import Asked, tune

    fixed = dict(_setting(text) for text in overrides)
    asked = Asked(model, task, preset, fixed, seeds, str(Path(results).absolute()))
    found = tune(asked, space, trials, search_seed, ray_address)
    content = _file(asked, found, space.name)
    write_output(output, lambda path: path.write_text(content, encoding="utf-8"))
    failed = f", {found.failed} of which failed" if found.failed else ""
    click.echo(f"{found.tried} settings were tried{failed}; the best, on held-out puzzles:")
    for key, value in found.settings.items():
        click.echo(f"  {key} = {value}")
    click.echo(f"  score {100 * found.score:.1f} %, seeds {seeds}")
    click.echo(f"wrote {output}; test it: trmbench run --config {output} --seeds 5")


def _setting(text: str) -> tuple[str, Any]:
    key, equals, value = text.partition("=")
    if not equals:
        raise TrmbenchError(f"--set {text!r} is not KEY=VALUE", "such as --set train.steps=500")
    try:
        return key.strip(), tomllib.loads(f"value = {value}")["value"]
    except ValueError:
        return key.strip(), value.strip()


def _file(asked: Any, found: Any, space: str) -> str:
    """The TOML file of what was chosen."""
    from trmbench_ray.space import as_toml

    preset = "" if asked.preset is None else f'preset = "{asked.preset}"\n'
    settings = {**asked.settings, **found.settings, "execution.settings_tried": found.tried}
    return (
        f"# The best of {found.tried} settings of {space} on held-out puzzles:"
        f" {100 * found.score:.1f} %\n"
        f'models = ["{asked.model}"]\ntasks = ["{asked.task}"]\n{preset}\n{as_toml(settings)}\n'
    )
