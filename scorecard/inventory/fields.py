"""The kinds of value that an inventory holds: how each is checked, and how it looks in the JSON Schema."""

from __future__ import annotations

import math
import re
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator

from scorecard.inventory import values as read
from scorecard.model import Authentication, HostKeyPolicy, Platform, Role, SecretRef
from scorecard.secrets import BadReference, parse_reference

_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


class PlatformChoice(StrEnum):
    WINDOWS = "windows"
    LINUX = "linux"
    MACOS = "macos"
    AUTO = "auto"

    def known(self) -> Platform | None:
        return None if self is PlatformChoice.AUTO else Platform(self.value)


class TransportChoice(StrEnum):
    SSH = "ssh"
    WINRM = "winrm"
    LOCAL = "local"
    REPLAY = "replay"


def _keep_alive(value: object) -> int:
    return read.whole(value, 0, 3600, "a whole number of seconds")


def _timeout(value: object) -> float:
    return _seconds(value, 0.1, 600)


def _start_gap(value: object) -> float:
    return _seconds(value, 0, 3600)


def _max_parallel(value: object) -> int:
    return read.whole(value, 1, 1000, "a number of endpoints")


def _seconds(value: object, least: float, most: float) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not math.isfinite(float(str(value))) or not least <= float(str(value)) <= most:
        raise read.refuse(f"expected a number of seconds from {least:g} to {most:g}, found {read.number_said(value)}")
    return float(str(value))


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise read.refuse(f"expected yes or no, found {read.kind_of(value)}")
    return value


def _date(value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and _ISO_DATE.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise read.refuse(f"expected a date such as 2026-01-31, found {read.found(value)}")


def _names(value: object) -> tuple[str, ...]:
    return tuple(dict.fromkeys(read.name_of(item) for item in read.listed(value, "a name")))


def _file(value: object) -> str:
    if not isinstance(value, str):
        raise read.refuse(f"expected the path of a file, found {read.kind_of(value)}")
    return read.text_of(value, "the path of a file", 4096)


def _files(value: object) -> tuple[str, ...]:
    return tuple(_file(item) for item in read.listed(value, "the path of a file"))


def _secret(value: object) -> SecretRef:
    if isinstance(value, SecretRef):
        return value
    try:
        return parse_reference(value)
    except BadReference as error:
        raise read.refuse(str(error)) from None  # the cause would not leak either; it never quotes


_SECRET_SCHEMA = {
    "anyOf": [
        {"type": "string", "pattern": r"^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+|keyring:.+/.+|prompt)$"},
        {
            "type": "object",
            "properties": {"command": {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1}},
            "required": ["command"],
            "additionalProperties": False,
        },
    ]
}
# None stands for "not set": defaults are not validated, and a written null is refused.
Name = Annotated[str, BeforeValidator(read.name_of), read.schema(**read.NAME_SCHEMA)]
MaybeName = Annotated[str | None, BeforeValidator(read.name_of), read.schema(**read.NAME_SCHEMA)]
Text = Annotated[str, BeforeValidator(read.free_text), read.schema(type="string", minLength=1, maxLength=read.MAX_TEXT)]
MaybeText = Annotated[
    str | None, BeforeValidator(read.free_text), read.schema(type="string", minLength=1, maxLength=read.MAX_TEXT)
]
MaybeKeepAlive = Annotated[int | None, BeforeValidator(_keep_alive), read.schema(type="integer", minimum=0, maximum=3600)]
MaybeTimeout = Annotated[float | None, BeforeValidator(_timeout), read.schema(type="number", minimum=0.1, maximum=600)]
Flag = Annotated[bool, BeforeValidator(_flag), read.schema(type="boolean")]
MaybeStartGap = Annotated[float | None, BeforeValidator(_start_gap), read.schema(type="number", minimum=0, maximum=3600)]
MaybeParallel = Annotated[int | None, BeforeValidator(_max_parallel), read.schema(type="integer", minimum=1, maximum=1000)]
MaybeFlag = Annotated[bool | None, BeforeValidator(_flag), read.schema(type="boolean")]
Day = Annotated[date, BeforeValidator(_date), read.schema(type="string", format="date")]
MaybeDay = Annotated[date | None, BeforeValidator(_date), read.schema(type="string", format="date")]
Names = Annotated[
    tuple[str, ...],
    BeforeValidator(_names),
    read.schema(anyOf=[read.NAME_SCHEMA, {"type": "array", "items": read.NAME_SCHEMA}]),
]
MaybeFile = Annotated[str | None, BeforeValidator(_file), read.schema(type="string", minLength=1)]
MaybeFiles = Annotated[
    tuple[str, ...] | None,
    BeforeValidator(_files),
    read.schema(anyOf=[{"type": "string", "minLength": 1}, {"type": "array", "items": {"type": "string", "minLength": 1}}]),
]
MaybeSecret = Annotated[SecretRef | None, BeforeValidator(_secret), read.schema(**_SECRET_SCHEMA)]
MaybePlatform = Annotated[PlatformChoice | None, *read.choice(PlatformChoice)]
MaybeTransport = Annotated[TransportChoice | None, *read.choice(TransportChoice)]
MaybeRole = Annotated[Role | None, *read.choice(Role)]
MaybePolicy = Annotated[HostKeyPolicy | None, *read.choice(HostKeyPolicy)]
MaybeAuthentication = Annotated[Authentication | None, *read.choice(Authentication)]
