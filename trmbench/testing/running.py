"""Run a trial from a test, and make a module visible as an installed plugin."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from trmbench.config.compose import compose
from trmbench.errors import TrmbenchError
from trmbench.plugin import manager as plugins, registry
from trmbench.spec import Trial
from trmbench.testing.toy import TOY_MODEL, TOY_TASK


def run_one(
    model: str,
    task: str,
    results: str | Path,
    *,
    preset: str = "mini",
    seed: int = 0,
    overrides: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Train and test one trial in this process, as `trmbench run` does.

    Args:
        model: name of an installed model.
        task: name of an installed task.
        results: the results folder.
        preset: the preset of both.
        seed: the training seed.
        overrides: dotted settings, such as `{"train.steps": 100}`.

    Returns:
        The trial's row, such as `row["exact_accuracy"]`.

    Raises:
        TrmbenchError: the trial failed.
    """
    from trmbench.spec.status import FINISHED
    from trmbench.store import Store
    from trmbench.trial.run import run_trial

    model_spec, task_spec = registry.models().find(model).spec, registry.tasks().find(task).spec
    cell = compose(model_spec, task_spec, preset, from_command=overrides)
    trial = cell.trial(seed, str(results))
    result = run_trial(trial)
    if result.status != FINISHED:
        raise TrmbenchError(f"{trial.label}: {result.error}", result.traceback)
    return dict(Store(results).trials([trial.name])[0])


def toy_trial(seed: int, results: Path, overrides: Mapping[str, Any]) -> Trial:
    """Make a trial of the toy model on the toy task that takes a second or so."""
    wanted = {"execution.device": "cpu", **overrides}
    return compose(TOY_MODEL, TOY_TASK, "mini", from_command=wanted).trial(seed, str(results))


@contextmanager
def visible_plugin(name: str, module: str, version: str = "0") -> Iterator[str]:
    """Have an importable module found as the plugin of an installed distribution.

    It is visible to this process and the processes that it starts, until the context ends.

    Args:
        name: name of the entry point.
        module: the module that implements hooks.
        version: version of the distribution.

    Yields:
        The distribution's name, `trmbench-NAME`.
    """
    distribution = f"trmbench-{name}"
    before = os.environ.get("PYTHONPATH")
    with tempfile.TemporaryDirectory() as folder:
        metadata = Path(folder) / f"{distribution.replace('-', '_')}-{version}.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n"
        )
        (metadata / "entry_points.txt").write_text(f"[trmbench]\n{name} = {module}\n")
        sys.path.append(folder)
        os.environ["PYTHONPATH"] = os.pathsep.join([folder, *([before] if before else [])])
        forget_plugins()
        try:
            yield distribution
        finally:
            sys.path.remove(folder)
            if before is None:
                del os.environ["PYTHONPATH"]
            else:
                os.environ["PYTHONPATH"] = before
            forget_plugins()


def forget_plugins() -> None:
    """Look for plugins again when they are next needed."""
    kinds = (registry.models, registry.tasks, registry.optimizers, registry.runners)
    for cached in (plugins.plugin_manager, *kinds):
        cached.cache_clear()
