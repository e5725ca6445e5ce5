"""Checks and their findings."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from trmbench.errors import one_line


class ConformanceError(AssertionError):
    """A spec does not keep its contract: what is wrong, with an example."""


@dataclass(frozen=True)
class Check:
    """One rule of a contract."""

    run: Callable[[Any], None]
    """Gets the case; raises `ConformanceError` where it breaks the rule."""
    vital: bool = False
    """True if the later checks mean nothing once this one has failed."""

    @property
    def name(self) -> str:
        """The name for people and for `skip`."""
        name: str = getattr(self.run, "__name__", "check")
        return name.replace("_", "-")


@dataclass(frozen=True)
class Finding:
    """The result of one check."""

    check: str
    problem: str | None
    """What is wrong, in one line; None if nothing is."""


def findings(checks: Sequence[Check], case: Any, skip: Collection[str] = ()) -> list[Finding]:
    """Run the checks, up to a vital one that fails."""
    results = []
    for check in checks:
        if check.name in skip:
            continue
        problem = _problem(check, case)
        results.append(Finding(check.name, problem))
        if problem and check.vital:
            break
    return results


def _problem(check: Check, case: Any) -> str | None:
    try:
        check.run(case)
    except ConformanceError as error:
        return " ".join(str(error).split())
    except Exception as error:  # a plugin may raise anything
        return f"it raised {one_line(error)}"
    return None


def require(condition: Any, problem: str) -> None:
    """Raise a `ConformanceError` unless the condition holds."""
    if not condition:
        raise ConformanceError(problem)


def refuse_problems(what: str, results: Sequence[Finding]) -> None:
    """Raise one `ConformanceError` that lists every problem."""
    problems = [f"  {result.check}: {result.problem}" for result in results if result.problem]
    if problems:
        raise ConformanceError("\n".join([f"{what} does not conform:", *problems]))
