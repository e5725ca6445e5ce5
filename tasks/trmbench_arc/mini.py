"""Mini-ARC (Kim et al. 2022): 149 tasks on grids of 5x5 cells; and made-up ones like them."""

from __future__ import annotations

from collections.abc import Sequence

from trmbench import TrmbenchError
from trmbench_arc.concept import fingerprint
from trmbench_arc.generated import COUNT, SIDE, generate
from trmbench_arc.options import MINI_ARC, MiniArcOptions
from trmbench_arc.reading import ArcTask, read_split

SHA256 = "0ef4248d92fdcf915edb55856c3a60914f0a59af4dcfebaf7bd5e7a52429522d"
"""Of the 149 tasks, as `trmbench_arc.concept.fingerprint` makes it."""
TITLE = "Mini-ARC"


def read_mini_arc(options: MiniArcOptions) -> tuple[list[ArcTask], list[ArcTask]]:
    """Read, or make, the tasks to train on with all pairs, and the tasks to test on.

    Raises:
        TrmbenchError: the options name no data, or data that cannot be read.
    """
    if options.is_generated:
        training = options.train_tasks or 0
        return generate(training, options.test_tasks or COUNT, options.seed)
    if options.place is None:
        raise TrmbenchError(
            f"{TITLE} has no data",
            f"add --set task.path=DIR, a folder with {MINI_ARC} and its solutions, or take made-up"
            " tasks with --set task.source=generated",
        )
    return read_split(options.place)


def title_of(options: MiniArcOptions, tasks: Sequence[ArcTask]) -> str:
    """Name the tasks: as Mini-ARC only if they are the published ones.

    Args:
        options: where they are from.
        tasks: all tasks that are there, before some are chosen.
    """
    if options.is_generated:
        return f"Generated ARC tasks of {SIDE}x{SIDE} cells"
    return TITLE if fingerprint(tasks) == SHA256 else "ARC tasks of a user"
