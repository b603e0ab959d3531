"""How templates become text: everything is escaped, a name that is not there is an error; and a page's policy."""

from __future__ import annotations

import base64
import hashlib
import re
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined

from . import hygiene, icons


def environment() -> Environment:
    made = Environment(
        loader=FunctionLoader(_template), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters["inside"] = hygiene.inside
    made.globals["icon_masks"] = icons.masks()
    made.globals["icon_pictures"] = icons.pictures(_on_paper())
    return made


def _on_paper() -> dict[str, str]:
    """The colours of page.css, by name without dashes, as they are in the light and in print."""
    first_rule = _template("page.css").partition("}")[0]
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]+)", first_rule))


def _template(name: str) -> str:
    return files(__package__).joinpath("templates", name).read_text(encoding="utf-8")


def policy(style: str, script: str) -> str:
    """Of a page with this one style and this one script: nothing else is loaded or run (reports.md 12.3)."""
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(source: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
