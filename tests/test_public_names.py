"""The public names of trmbench."""

from __future__ import annotations

import ast
from pathlib import Path

import trmbench


def test_every_public_name_can_be_loaded() -> None:
    for name in trmbench.__all__:
        assert getattr(trmbench, name) is not None


def test_type_checkers_see_the_same_names_as_python() -> None:
    tree = ast.parse(Path(trmbench.__file__).read_text())
    [block] = [node for node in tree.body if isinstance(node, ast.If)]
    seen = {
        (node.module, alias.name)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert seen == {(module, name) for module, names in trmbench._PUBLIC.items() for name in names}
