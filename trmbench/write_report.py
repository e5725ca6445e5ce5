"""The report of a comparison: gathers what it shows and writes it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from trmbench.atomic import write_text
from trmbench.report.comparison import Results
from trmbench.report.figures import Picture, pictures
from trmbench.report.page import Section, render_report
from trmbench.store import Store


@dataclass(frozen=True)
class Report:
    """A report and the pictures in it."""

    html: str
    pictures: list[Picture]


def build_report(store: Store, results: Results) -> Report:
    """Draw the pictures and the puzzles, and set the page."""
    with _offline():
        from trmbench.gallery import draw_differences

        galleries = draw_differences(store, results)
    drawn = pictures(store, results)
    sections = [
        Section(group, found, gallery)
        for (group, found), gallery in zip(drawn, galleries, strict=True)
    ]
    html = render_report(results, sections, f"{datetime.now():%Y-%m-%d %H:%M}")
    return Report(html, [picture for _, found in drawn for picture in found])


def write_report(report: Report, path: Path) -> None:
    """Write the page, whole or not at all.

    Raises:
        TrmbenchError: the file cannot be written.
    """
    write_text(path, report.html)


@contextmanager
def _offline() -> Iterator[None]:
    """Keep tasks that fetch their data from doing so: a report needs no network."""
    before = os.environ.get("HF_HUB_OFFLINE")
    os.environ["HF_HUB_OFFLINE"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["HF_HUB_OFFLINE"]
        else:
            os.environ["HF_HUB_OFFLINE"] = before
