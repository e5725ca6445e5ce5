"""Writes the pages of the reference from the code, while the site is built."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import griffe
import mkdocs_gen_files

import trmbench
from trmbench.config.compose import CORE_SECTIONS, defaults
from trmbench.plugin.registry import models, runners, tasks
from trmbench.store.columns import MEANINGS
from trmbench.store.schemas import SCHEMAS

ROOT = Path(__file__).resolve().parents[2]


def table(*rows: tuple[str, ...]) -> str:
    """Return a Markdown table, its first row as the head."""
    clean = [[" ".join(cell.split()).replace("|", "\\|") for cell in row] for row in rows]
    head, *body = ["| " + " | ".join(row) + " |" for row in clean]
    return "\n".join([head, "|" + " --- |" * len(rows[0]), *body])


def meanings(schema: type) -> Mapping[str, str]:
    """Read the docstrings under the fields of a dataclass and of those it derives from."""
    found: dict[str, str] = {}
    for parent in reversed(schema.__mro__):
        if parent.__module__ == "builtins":
            continue
        module = griffe.load(parent.__module__, search_paths=[ROOT, *_plugin_folders()])
        described = module.members.get(parent.__name__)
        for name, member in described.members.items() if described else ():
            if member.is_attribute and member.docstring:
                found[name] = member.docstring.value
    return found


def _plugin_folders() -> list[Path]:
    return [ROOT / "plugins", ROOT / "tasks"]


def settings_of(section: str, schema: type) -> str:
    """Return the table of a section's settings."""
    said = meanings(schema)
    rows = [
        (f"`{section}.{key}`", f"`{setting.value}`", setting.allowed, said.get(key, ""))
        for key, setting in defaults(section, schema).items()
    ]
    return table(("setting", "default", "allowed", "meaning"), *rows)


def settings_page() -> Iterator[str]:
    """Yield the sections of the page of settings."""
    yield "# Settings\n\nAs in `--set SECTION.KEY=VALUE` and in the tables of a TOML file."
    for section, schema in CORE_SECTIONS.items():
        yield f"## {section}\n\n{settings_of(section, schema)}"
    for section, registry in (("task", tasks()), ("model", models()), ("runner", runners())):
        for entry in registry:
            if defaults(section, entry.spec.options):
                yield f"## {section} {entry.spec.name}\n\n{entry.spec.title}."
                yield settings_of(section, entry.spec.options)


def columns_page() -> Iterator[str]:
    """Yield the sections of the page of columns."""
    yield "# Parquet columns\n\nA column that an older file lacks is read as null."
    for dataset, schema in SCHEMAS.items():
        rows = [(f"`{each.name}`", str(each.type), MEANINGS[dataset][each.name]) for each in schema]
        yield f"## {dataset}\n\n{table(('column', 'type', 'meaning'), *rows)}"


def python_page() -> Iterator[str]:
    """Yield the public names."""
    yield "# Python\n\nThe same code as the command line; every name is imported from `trmbench`."
    for name in sorted(trmbench.__all__):
        found = getattr(trmbench, name)
        if hasattr(found, "__module__") and hasattr(found, "__qualname__"):
            yield f"::: {found.__module__}.{found.__qualname__}"


def errors_page() -> Iterator[str]:
    """Yield the messages of every `TrmbenchError` that the code raises, file by file."""
    yield (
        "# Errors\n\nWhat trmbench refuses, in its own words: braces stand for values. "
        "Each ends the command with exit code 2."
    )
    for folder in ("trmbench", "plugins", "tasks"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            rows = sorted(set(_errors(path))) if "scaffold" not in path.parts else []
            if rows:
                yield f"## {path.relative_to(ROOT)}\n\n{table(('message', 'hint'), *rows)}"


def _errors(path: Path) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(path.read_text())):
        named = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        if named and node.func.id == "TrmbenchError":
            texts = [_template(argument) for argument in node.args[:2]]
            if texts and texts[0]:
                yield texts[0], texts[1] if len(texts) > 1 else ""


def _template(node: ast.expr) -> str:
    """Return a text, its values in braces; empty where it is put together elsewhere."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(_template(part) for part in parts)
        case ast.FormattedValue(value=value):
            return "`{" + ast.unparse(value) + "}`"
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _template(left) + _template(right)
    return ""


COMMAND_LINE = """# Command line

::: mkdocs-click
    :module: trmbench.cli.main
    :command: cli
    :prog_name: trmbench
    :depth: 1
    :style: plain
"""

PAGES = {
    "command-line": [COMMAND_LINE],
    "settings": settings_page(),
    "columns": columns_page(),
    "python": python_page(),
    "errors": errors_page(),
}
for name, parts in PAGES.items():
    with mkdocs_gen_files.open(f"reference/{name}.md", "w") as file:
        file.write("\n\n".join(parts) + "\n")
