"""A comparison as text for other programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable

from trmbench.comparison.compare import ComparedCells
from trmbench.errors import printable
from trmbench.report import tables
from trmbench.report.compute import (
    CURVE_NOTE,
    area_lines,
    area_table,
    curve_table,
    measured_alike,
    measured_table,
)
from trmbench.report.noise import noise_lines
from trmbench.report.published import further_run_lines, published_table
from trmbench.report.records import Record, comparison_record
from trmbench.report.several import SEVERAL_NOTE, several_table
from trmbench.report.tables import TextTable
from trmbench.report.verdicts import verdicts


def to_json(compared: ComparedCells) -> str:
    """Write one object: cells, differences, cautions, failures, notes."""
    return json.dumps(comparison_record(compared), indent=1, ensure_ascii=False)


def to_csv(compared: ComparedCells) -> str:
    """Write cells and differences in one table; the column `row` tells them apart."""
    record = comparison_record(compared)
    rows = [{"row": "cell", **_flat(cell)} for cell in record["cells"]]
    rows += [{"row": "difference", **_flat(found)} for found in record["differences"]]
    rows += [{"row": "published", **_flat(figure)} for figure in record["published"]]
    text = io.StringIO()
    columns = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(map(_inert, columns))
    writer.writerows([_inert(row.get(name)) for name in columns] for row in rows)
    return text.getvalue().rstrip("\n")


def _inert(value: object) -> object:
    """A cell that no spreadsheet computes: a quote in front of text that would be a formula."""
    if not isinstance(value, str):
        return value
    text = printable(value)  # a carriage return would begin another row
    if not text.startswith(("=", "+", "-", "@", "\t")):
        return text
    try:
        float(text)
    except ValueError:
        return f"'{text}"
    return text


def _flat(record: Record) -> Record:
    """Turn nested records into `outer.inner` columns, and lists into text."""
    flat: Record = {}
    for key, value in record.items():
        if key == "overrides":
            flat[key] = json.dumps(value)
        elif isinstance(value, dict):
            flat |= {f"{key}.{inner}": item for inner, item in value.items()}
        else:
            flat[key] = "; ".join(value) if isinstance(value, list) else value
    return flat


def to_markdown(compared: ComparedCells) -> str:
    """Write GitHub's tables."""
    return "\n\n".join([*map(_markdown_table, _tables(compared)), *_remarks(compared, _markdown)])


def _markdown_table(table: TextTable) -> str:
    def line(texts: tuple[str, ...]) -> str:
        return f"| {' | '.join(_markdown(text) for text in texts)} |"

    marks = ("---" if i < table.left else "---:" for i in range(len(table.headings)))
    lines = [line(table.headings), f"| {' | '.join(marks)} |", *map(line, table.rows)]
    return f"**{_markdown(table.title)}**\n\n" + "\n".join(lines)


def _markdown(text: str) -> str:
    text = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return "".join(f"\\{sign}" if sign in r"\`*_|[]" else sign for sign in text)


def to_latex(compared: ComparedCells) -> str:
    """Write `tabular` environments that need no package."""
    return "\n\n".join([*map(_latex_table, _tables(compared)), *_remarks(compared, _latex)])


def _latex_table(table: TextTable) -> str:
    def line(texts: tuple[str, ...]) -> str:
        return " & ".join(_latex(text) for text in texts) + r" \\"

    columns = "".join("l" if i < table.left else "r" for i in range(len(table.headings)))
    lines = [
        f"% {' '.join(table.title.split())}",
        rf"\begin{{tabular}}{{{columns}}}",
        r"\hline",
        line(table.headings),
        r"\hline",
        *map(line, table.rows),
        r"\hline",
        r"\end{tabular}",
    ]
    return "\n".join(lines)


_LATEX = {sign: f"\\{sign}" for sign in "&%$#_{}"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
}


def _latex(text: str) -> str:
    return "".join(_LATEX.get(sign, sign) for sign in " ".join(text.split()))


def _tables(compared: ComparedCells) -> list[TextTable]:
    found = [
        tables.cells(compared.cells),
        measured_table(compared),
        *([area_table(compared), curve_table(compared)] if compared.question.curve else []),
        several_table(compared),
        tables.differences(compared.differences),
        tables.sources(compared.differences),
        tables.expectations(compared.outcomes),
        *tables.across(compared),
        published_table(compared),
        tables.failures(compared.failed),
    ]
    return [table for table in found if table.rows]


def _remarks(compared: ComparedCells, escape: Callable[[str], str]) -> list[str]:
    """Write the lines that belong to the tables: what was forced, and the cautions."""
    lines = [tables.footnote(compared.cells), *tables.claims(compared)]
    lines += [line for line in (measured_alike(compared),) if line]
    lines += [*area_lines(compared), CURVE_NOTE] if compared.question.curve else []
    lines += [SEVERAL_NOTE] if compared.several else []
    lines += [
        f"{found.task} {found.preset}: {found.said}" for found in verdicts(compared.differences)
    ]
    lines += [
        f"Caution, {group.tested_on} {group.preset}: {line}"
        for group in compared.groups
        for line in group.cautions
    ]
    lines += [*noise_lines(compared.cells), *further_run_lines(compared)]
    return [escape(line) for line in lines]


FORMATS: dict[str, Callable[[ComparedCells], str]] = {
    "json": to_json,
    "csv": to_csv,
    "markdown": to_markdown,
    "latex": to_latex,
}
