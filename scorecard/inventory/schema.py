"""The JSON Schema of an inventory file, drawn from the models, so that editors complete and check while typing."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import models_json_schema

from scorecard.inventory.models import ClientModel, ClientsModel

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_NAME = {"type": "string", "minLength": 1}


def schema() -> dict[str, Any]:
    """Draft 2020-12. A file holds one client, or a list of them under `clients`."""
    references, drawn = models_json_schema([(ClientModel, "validation"), (ClientsModel, "validation")])
    # Only ours: a type behind a field that draws itself is listed too, though nothing refers to it.
    ours = (name for name in drawn["$defs"] if name.endswith("Model"))
    definitions = {name: plain(drawn["$defs"][name]) for name in ours}
    for definition in definitions.values():
        _add_short_forms(definition["properties"])
    whole = definitions["ClientModel"]
    whole["anyOf"] = [
        {"required": ["endpoints"], "properties": {"endpoints": {"minItems": 1}}},
        {"required": ["endpoints_from"]},
    ]
    return {
        "$schema": DIALECT,
        "title": "Inventory",
        "description": "What a client has, where it is and how to reach it. Holds references to secrets, never a secret.",
        "if": {"type": "object", "required": ["clients"]},
        "then": references[(ClientsModel, "validation")],
        "else": references[(ClientModel, "validation")],
        "$defs": definitions,
    }


def plain(node: Any) -> Any:
    """Without the defaults that only say "not set", and without the titles that repeat the key."""
    if isinstance(node, list):
        return [plain(item) for item in node]
    if not isinstance(node, dict):
        return node
    drawn = {key: plain(value) for key, value in node.items() if key != "default" or isinstance(value, bool)}
    if isinstance(drawn.get("title"), str) and "properties" not in drawn:
        del drawn["title"]
    choices = drawn.get("anyOf")
    if isinstance(choices, list) and {"type": "null"} in choices:
        choices.remove({"type": "null"})
        if len(choices) == 1:
            del drawn["anyOf"]
            drawn = {**choices[0], **drawn}
    return drawn


def _add_short_forms(properties: dict[str, Any]) -> None:
    """An endpoint may be a name alone, a hop a text, a chain of one hop no list, a place or group empty."""
    if "endpoints" in properties and "$ref" in properties["endpoints"].get("items", {}):
        properties["endpoints"]["items"] = {"anyOf": [_NAME, properties["endpoints"]["items"]]}
    if "proxy_jump" in properties:
        chain = properties["proxy_jump"]
        hop = {"anyOf": [_NAME, chain.pop("items")]}
        properties["proxy_jump"] = {
            "description": chain["description"],
            "anyOf": [*hop["anyOf"], {"type": "array", "items": hop}],
        }
    for key in ("sites", "groups"):
        values = properties.get(key, {}).get("additionalProperties")
        if values is not None:
            properties[key]["additionalProperties"] = {"anyOf": [values, {"type": "null"}]}
