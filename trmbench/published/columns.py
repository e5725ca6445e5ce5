"""A published figure as the texts of a table's row; standard library only."""

from __future__ import annotations

from trmbench.published.figures import Figure

COLUMNS = (
    *("model", "accuracy", "trained on", "tested on", "depth", "candidates", "attempts"),
    *("weights", "reported by"),
)


def texts(figure: Figure) -> tuple[str, ...]:
    """Write a figure in the `COLUMNS`; a dash stands for what is not known."""
    weights = figure.parameters
    if figure.task_memory:
        weights += f" ({figure.task_memory} with task memory)"
    test = f"{figure.test_puzzles} of {figure.benchmark}"
    disputed = f"; disputed by {figure.disputed_by}" if figure.disputed_by else ""
    known = (
        figure.model,
        _accuracy(figure),
        figure.train_puzzles,
        test if figure.test_puzzles else figure.benchmark,
        "" if figure.depth is None else str(figure.depth),
        figure.candidates,
        figure.attempts,
        weights,
        figure.source + disputed,
    )
    return tuple(text or "-" for text in known)


def _accuracy(figure: Figure) -> str:
    """Write the accuracy with its spread and seeds, as far as they are known."""
    spread = "" if figure.spread is None else f" +- {figure.spread:g} {figure.spread_kind}"
    seeds = f", {figure.seeds} seeds" if (figure.seeds or 1) > 1 else ""
    return f"{figure.percent:g} %{spread.rstrip()}{seeds}"
