"""Draws the pictures of the findings from the reference results, while the site is built."""

from __future__ import annotations

import functools
import re
import warnings
from pathlib import Path

import mkdocs_gen_files

import trmbench
from trmbench.report.canvas import to_svg
from trmbench.report.figures import plots
from trmbench.store import Store

ROOT = Path(__file__).resolve().parents[2]
PLACE = re.compile(r"<!-- picture: (\S+) (\S+) -->")


@functools.cache
def pictures(study: str) -> dict[str, str]:
    """Return the plots of a study's report as SVG, in the colour of the page's text, by name."""
    results = ROOT / "results" / "reference" / "mini"
    found = plots(Store(results, warnings.warn), trmbench.compare(results, study=study))
    return {plot.name: to_svg(plot) for _, of_group in found for plot in of_group}


def drawn(page: str) -> str:
    """Put the pictures where the page names them."""
    frame = '<p style="max-width: 36rem">{}</p>'
    return PLACE.sub(lambda place: frame.format(pictures(place[1])[place[2]]), page)


with mkdocs_gen_files.open("findings.md", "w") as file:
    file.write(drawn((ROOT / "docs" / "findings.md").read_text()))
