"""The HTML templates; whatever they are given is escaped unless it says that it is markup."""

from __future__ import annotations

import base64
import hashlib
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("trmbench.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def digest(script: str) -> str:
    """Return the digest by which a page names the one script that it may run."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def template(name: str) -> Template:
    """The template of that file name."""
    return _environment().get_template(name)


def source(name: str) -> str:
    """The text of that file as it stands."""
    environment = _environment()
    assert environment.loader is not None
    text, _, _ = environment.loader.get_source(environment, name)
    return text
