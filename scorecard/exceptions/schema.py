"""The JSON Schema of a file of exceptions, drawn from the models, so that editors complete and check while typing."""

from __future__ import annotations

from typing import Any

from scorecard.exceptions.models import ExceptionsModel

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """Draft 2020-12."""
    drawn = _plain(ExceptionsModel.model_json_schema())
    drawn["$defs"]["StatedModel"]["anyOf"] = [{"required": ["proof"]}, {"required": ["sha256"]}]
    return {"$schema": _DIALECT, **drawn}


def _plain(node: Any) -> Any:
    """Without the defaults that only say "not set", and without the titles that repeat the key."""
    if isinstance(node, list):
        return [_plain(item) for item in node]
    if not isinstance(node, dict):
        return node
    plain = {key: _plain(value) for key, value in node.items() if key != "default"}
    if isinstance(plain.get("title"), str) and "properties" not in plain:
        del plain["title"]
    return plain
