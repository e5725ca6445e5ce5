"""`trmbench doctor`: what this machine has, what will be used, what is broken."""

from __future__ import annotations

import importlib.metadata
import platform
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import click

from trmbench.cli.options import results_option
from trmbench.errors import printable
from trmbench.plugin import registry
from trmbench.plugin.manager import plugin_manager
from trmbench.store.location import Location, location

CPU_WHEELS = "pip install torch --index-url https://download.pytorch.org/whl/cpu"


@click.command("doctor", short_help="Say what this machine has and what is broken.")
@results_option
def command(results: str) -> int:
    """Check the machine, the packages, the plugins and the results folder.

    Exit code 1 when something is broken.
    """
    from trmbench.machine import available_cores, cpu_name
    from trmbench.report.words import counted

    click.echo(
        f"trmbench  {importlib.metadata.version('trmbench')}, Python {platform.python_version()}"
    )
    click.echo(
        f"machine   {platform.platform()}, {cpu_name()}, {counted(available_cores(), 'core')}"
    )
    checks: dict[str, Callable[[], str]] = {
        "torch": _torch,
        "device": _device,
        "results": lambda: _results(results),
        "disk": lambda: _disk(location(results)),
        "plugins": _plugins,
    }
    broken = 0
    for name, check in checks.items():
        try:
            click.echo(printable(f"{name:9} {check()}"))
        except Exception as error:  # whatever is broken is what this command is asked for
            broken += 1
            lines = [" ".join(line.split()) for line in str(error).splitlines()]
            click.echo(f"{name:9} BROKEN: " + "\n          ".join(map(printable, lines)))
    return 1 if broken else 0


def _torch() -> str:
    import torch

    from trmbench.report.words import counted

    without = torch.version.cuda is not None and not torch.cuda.is_available()
    hint = f"; it brings CUDA, and there is no GPU: {CPU_WHEELS} takes 3 GB less" if without else ""
    return f"{torch.__version__}, {counted(torch.get_num_threads(), 'thread')}{hint}"


def _device() -> str:
    from trmbench.experiment.cells import automatic_preset
    from trmbench.machine import choose_device, device_name

    device = choose_device("auto")
    return f"{device_name(device)} will be used; --preset auto takes {automatic_preset()}"


def _results(results: str) -> str:
    from trmbench.report.words import counted
    from trmbench.spec.status import FINISHED
    from trmbench.store import Store
    from trmbench.store.faults import faults

    store = Store(results)
    found = list(faults(store))
    if found:
        lines = [f"{fault.path}: {fault.reason}" for fault in found]
        raise RuntimeError(
            "\n".join([f"{len(found)} damaged (`trmbench repair` sets them aside)", *lines])
        )
    rows = store.trials()
    finished = sum(row["status"] == FINISHED for row in rows)
    return f"{store.root}: {counted(len(rows), 'trial')}, {finished} finished"


def _disk(results: Location) -> str:
    from trmbench.report.words import memory

    where = results.absolute() if isinstance(results, Path) else Path(tempfile.gettempdir())
    there = next(path for path in (where, *where.parents) if path.exists())
    return f"{memory(shutil.disk_usage(there).free)} free at {there}"


def _plugins() -> str:
    counts = [
        f"{len(list(kind()))} {name}"
        for name, kind in (
            ("models", registry.models),
            ("tasks", registry.tasks),
            ("runners", registry.runners),
        )
    ]
    broken = plugin_manager().broken
    if broken:
        raise RuntimeError("; ".join(f"{plugin.name}: {plugin.problem}" for plugin in broken))
    return ", ".join(counts)
