"""The JSON Schema of a file of exceptions, drawn from the models, so that editors complete and check while typing."""

from __future__ import annotations

from typing import Any

from scorecard.exceptions.models import ExceptionsModel
from scorecard.inventory.schema import DIALECT, plain


def schema() -> dict[str, Any]:
    """Draft 2020-12."""
    drawn = plain(ExceptionsModel.model_json_schema())
    drawn["$defs"]["StatedModel"]["anyOf"] = [{"required": ["proof"]}, {"required": ["sha256"]}]
    return {"$schema": DIALECT, **drawn}
