"""Holds a file against the models and says every mistake with file, line and key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from scorecard.inventory.values import SAID, kind_of, suggestion
from scorecard.marked_yaml import Document, Problem, printable

M = TypeVar("M", bound=BaseModel)

# What people write for a key, where likeness of spelling does not lead to it.
_MEANT = {
    "host": "address",
    "hostname": "address",
    "ip": "address",
    "fqdn": "address",
    "os": "platform",
    "type": "role",
    "jump": "proxy_jump",
    "bastion": "proxy_jump",
    "gateway": "proxy_jump",
    "socks": "proxy",
    "socks5": "proxy",
    "http_proxy": "proxy",
    "https_proxy": "proxy",
    "username": "user",
    "secret": "password",
    "pass": "password",
    "login": "user",
    "identity_file": "key_file",
    "private_key": "key_file",
    "timezone": "time_zone",
    "date": "on",
    "hosts": "endpoints",
    "machines": "endpoints",
    "authorized": "authorised",
}
_LOGIN_KEYS = ("user", "password", "key_file", "passphrase", "agent", "certificate_file")

_EXPECTED = {
    "list_type": "a list, each item on a line that starts with '- '",
    "tuple_type": "a list, each item on a line that starts with '- '",
    "dict_type": "a mapping (keys with values)",
    "model_type": "a mapping (keys with values)",
    "model_attributes_type": "a mapping (keys with values)",
    "too_short": "at least one item",
}


def validate(model: type[M], document: Document) -> tuple[M | None, list[Problem]]:
    """The whole file as `model`, or every reason why not."""
    try:
        return model.model_validate(document.value), []
    except ValidationError as error:
        seen = {problem.path for problem in document.problems}
        problems = (_translate(details, model, document) for details in error.errors(include_url=False))
        return None, [problem for problem in problems if problem.path not in seen]


def _translate(details: ErrorDetails, model: type[BaseModel], document: Document) -> Problem:
    path = tuple(step for step in details["loc"] if step != "[key]")
    kind = details["type"]
    if kind == SAID:
        return document.problem(path, str(details["msg"]))
    if kind == "missing":
        field = _keys(_model_at(model, path[:-1]))[str(path[-1])]
        return document.problem(path, f"is missing. Expected: {field.description}")
    if kind == "extra_forbidden":
        return document.problem(path, _unknown_key(str(path[-1]), _model_at(model, path[:-1]), path))
    if kind in _EXPECTED:
        given = "an empty list" if kind == "too_short" else kind_of(details["input"])
        return document.problem(path, f"expected {_EXPECTED[kind]}, found {given}")
    return document.problem(path, f"is not valid ({kind}); see the reference of inventory keys")


def _unknown_key(key: str, model: type[BaseModel], path: Sequence[str | int]) -> str:
    known = list(_keys(model))
    if key in _LOGIN_KEYS and "credential" in known and "credentials" not in path:
        return "is not a key here; define a credential under credentials: and name it with the key credential"
    meant = _MEANT.get(key.lower().replace("-", "_"))
    hint = f"; did you mean '{meant}'?" if meant in known else suggestion(key, known)
    return f"'{printable(key, 40)}' is not a key here{hint or '; expected one of ' + ', '.join(known)}"


def _keys(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The fields as the file calls them: a word of Python's own, such as `from`, has another name inside."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _model_at(model: type[BaseModel], path: Sequence[str | int]) -> type[BaseModel]:
    """The model that describes the mapping at `path`."""
    annotation: Any = model
    for step in path:
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            annotation = _bare(_keys(annotation)[str(step)].annotation)
        else:  # list[X], tuple[X, ...] or dict[str, X]
            annotation = _bare(next(inner for inner in reversed(get_args(annotation)) if inner is not Ellipsis))
    found_model: type[BaseModel] = annotation
    return found_model


def _bare(annotation: Any) -> Any:
    """Without Annotated, and without the None of an optional."""
    while get_origin(annotation) in (Annotated, Union, UnionType):
        annotation = next(argument for argument in get_args(annotation) if argument is not type(None))
    return annotation


def mapping(value: object, *keys: str) -> Mapping[str, Any]:
    """The mapping under `keys`, or an empty one: for looking at a file that may be wrong anywhere."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def items(value: object, key: str) -> list[Any]:
    """The list under `key`, or an empty one."""
    inner = value.get(key) if isinstance(value, dict) else None
    return inner if isinstance(inner, list) else []
