"""The shape of a file of exceptions. The descriptions go into the JSON Schema and show up in editors."""

from __future__ import annotations

import math
import re
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from scorecard.inventory import fields as kind
from scorecard.inventory import values as read
from scorecard.inventory.fields_reports import MaybeCurrency

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MOST_MONEY = 1e12


def _id(value: object) -> str:
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise read.refuse(f"expected letters, digits, '.', '_' and '-', at most 64 of them, found {read.found(value)}")
    return value


def _sha256(value: object) -> str:
    text = value.removeprefix("sha256:").lower() if isinstance(value, str) else ""
    if not _SHA256.fullmatch(text):
        raise read.refuse(f"expected the 64 hexadecimal digits of a SHA-256, found {read.found(value)}")
    return text


def _price(value: object) -> object:
    """A number, or what the offer says of it."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        if math.isfinite(value) and 0 <= value <= _MOST_MONEY:
            return value
    elif isinstance(value, str) and value.strip() and len(value) <= read.MAX_NAME and value.isprintable():
        return value.strip()
    raise read.refuse(f"expected an amount, or text such as '1,200 a year', found {read.found(value)}")


Id = Annotated[str | None, BeforeValidator(_id), WithJsonSchema({"type": "string", "pattern": f"^{_ID.pattern}$"})]
Sha256 = Annotated[
    str | None,
    BeforeValidator(_sha256),
    WithJsonSchema({"type": "string", "pattern": "^(sha256:)?[0-9A-Fa-f]{64}$"}),
]
Price = Annotated[
    int | float | str | None,
    BeforeValidator(_price),
    WithJsonSchema({"anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "minLength": 1}]}),
]

_ID_SAID = "Its name in reports; made of what the entry is about where nothing is said."
_ENDPOINTS_SAID = "Names of the endpoints, as in the inventory; no patterns."


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False)


class WaivedModel(Model):
    """A fault that was agreed to be left for a while. Covers fail and warn, never an unknown."""

    model_config = ConfigDict(title="Waived")

    id: Id = Field(default=None, description=_ID_SAID)
    check: kind.Name = Field(description="Id of the check, such as disk-encryption.system-volume.")
    endpoints: kind.Names = Field(description=_ENDPOINTS_SAID)
    reason: kind.Text = Field(description="Why it is left as it is.")
    approver: kind.Text = Field(description="Who agreed to it, with their function.")
    from_: kind.Day = Field(alias="from", description="First day it holds, such as 2026-01-31.")
    expires: kind.Day = Field(description="Last day it holds.")
    cover: kind.MaybeText = Field(
        default=None, description="What protects the machine meanwhile, such as a network of its own; lets it run longer."
    )


class DeclinedModel(Model):
    """Work that the client refused. Stays in the environment's grade and leaves the partner's."""

    model_config = ConfigDict(title="Declined")

    id: Id = Field(default=None, description=_ID_SAID)
    what: kind.Text = Field(description="The work that was offered.")
    checks: kind.Names = Field(description="Id or ids of the checks that it would have put in order.")
    endpoints: kind.Names = Field(description=_ENDPOINTS_SAID)
    price: Price = Field(default=None, description="What was quoted: a number, or text.")
    currency: MaybeCurrency = Field(default=None, description="Of a price that is a number, such as EUR.")
    by: kind.Text = Field(description="Who refused it, with their function.")
    on: kind.Day = Field(description="The day it was refused, such as 2026-01-31.")
    until: kind.MaybeDay = Field(default=None, description="Last day it holds; without end where nothing is said.")


class StatedModel(Model):
    """What no probe can see, said in writing. Answers an unknown by half, and nothing that was measured."""

    model_config = ConfigDict(title="Stated")

    id: Id = Field(default=None, description=_ID_SAID)
    check: kind.Name = Field(description="Id of the check that it answers.")
    endpoints: kind.Names = Field(description=_ENDPOINTS_SAID)
    text: kind.Text = Field(description="What is stated, such as: backed up each night by the hypervisor.")
    says: kind.Text = Field(description="Who says so, with their function.")
    on: kind.Day = Field(description="The day it was said, such as 2026-01-31.")
    until: kind.Day = Field(description="Last day it holds.")
    proof: kind.MaybeFile = Field(
        default=None, description="File that proves it; its SHA-256 is kept. Relative paths start at this file's folder."
    )
    sha256: Sha256 = Field(default=None, description="SHA-256 of a proof that is kept elsewhere.")


class ExceptionsModel(Model):
    """One client's exceptions."""

    model_config = ConfigDict(title="Exceptions")

    client: kind.MaybeName = Field(
        default=None, description="The client that they are for; for another one the file is refused."
    )
    waived: list[WaivedModel] = Field(default=[], description="Faults that were agreed to be left for a while.")
    declined: list[DeclinedModel] = Field(default=[], description="Work that the client refused.")
    stated: list[StatedModel] = Field(default=[], description="What no probe can see, said in writing.")
