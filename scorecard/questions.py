"""Windows is asked by declaration: a topic's `windows.yaml` becomes Probes, one a question (design section 4).

A file is a list of questions, each with exactly one verb::

    - part: volumes
      why: Which volumes there are, and whether BitLocker protects them
      cim: {namespace: root/cimv2/Security/MicrosoftVolumeEncryption, class: Win32_EncryptableVolume, keep: [DeviceID]}
      call: [GetProtectionStatus]

A Probe's text is the question as it is sent: one line of ASCII JSON with all keys of its verb. What could change
something, reach a secret, leave the machine or read people's files is refused here, before any endpoint is contacted.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationError

from scorecard import marked_yaml
from scorecard.errors import PluginError
from scorecard.marked_yaml import Document, Problem
from scorecard.model import Json, Platform, Probe
from scorecard.questions_verbs import BESIDE, VERBS, Outer

QUESTIONS_FILE = "windows.yaml"
MAX_BYTES = 1024 * 1024
MAX_PROBLEMS = 50


class _Common(Outer):
    part: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,63}$")]
    why: Annotated[str, Field(min_length=1, max_length=300, pattern=r"^[^\n\r]*$")] = ""
    limit: Annotated[int, Field(ge=1, le=600)] = 20
    size: Annotated[int, Field(ge=100, le=4_000_000)] = 200_000


_COMMON = tuple(_Common.model_fields)


def read_questions(data: bytes | str, topic: str, source: str) -> list[Probe]:
    """The questions of one file, in order. Raises PluginError with every problem, one a line: `file:line: key: …`."""
    document = marked_yaml.parse(data, source, max_bytes=MAX_BYTES)
    value = document.require(PluginError)
    if not isinstance(value, list) or not value:
        raise PluginError(str(document.problem((), "expected a list of questions, each beginning with '- part: NOUN'")))
    problems = [*_repeated(document, value)]
    for index, item in enumerate(value):
        problems += _problems(document, index, item)
    if problems:
        lines = list(dict.fromkeys(str(problem) for problem in sorted(problems)))
        more = [f"... and {len(lines) - MAX_PROBLEMS} more"] if len(lines) > MAX_PROBLEMS else []
        raise PluginError("\n".join([*lines[:MAX_PROBLEMS], *more]))
    return [_probe(item, topic) for item in value if isinstance(item, dict)]


def question(part: str, verb: str, asked: Mapping[str, Json], limit_s: int = 20, size_bytes: int = 200_000) -> str:
    """A question as it is sent. `asked` holds the keys of its verb."""
    whole = {"part": part, "limit": limit_s, "size": size_bytes, "verb": verb, **asked}
    return json.dumps(whole, ensure_ascii=True, separators=(",", ":"))


def _probe(item: Mapping[str, Any], topic: str) -> Probe:
    common = _Common.model_validate(item)
    verb = next(name for name in VERBS if name in item)
    part = f"{topic}.{common.part}"
    text = question(part, verb, VERBS[verb].model_validate(item).asked(), common.limit, common.size)
    return Probe(part, Platform.WINDOWS, text, common.limit, common.size, why=common.why)


def _problems(document: Document, index: int, item: object) -> Iterable[Problem]:
    if not isinstance(item, dict):
        yield document.problem((index,), "expected a question with the keys part, why and one verb")
        return
    verbs = [name for name in VERBS if name in item]
    if len(verbs) != 1:
        found = "none" if not verbs else " and ".join(verbs)
        yield document.problem((index,), f"expected exactly one of the verbs {', '.join(VERBS)}; found {found}")
    beside = tuple(key for verb in verbs for key in BESIDE.get(verb, ()))
    for key in item:
        if key not in (*_COMMON, *VERBS, *beside):
            yield document.problem((index, key), _unknown_key(key))
    models: list[type[BaseModel]] = [_Common, *(VERBS[verb] for verb in verbs)]
    for model in models:
        yield from _faults(document, index, item, model)


def _unknown_key(key: str) -> str:
    for verb, keys in BESIDE.items():
        if key in keys:
            return f"stands only beside {verb}"
    return f"no such key; expected {', '.join(_COMMON)} and one verb of {', '.join(VERBS)}"


def _faults(document: Document, index: int, item: Mapping[str, Any], model: type[BaseModel]) -> Iterable[Problem]:
    """What pydantic finds wrong, each with its place in the file."""
    try:
        model.model_validate(item)
    except ValidationError as error:
        for fault in error.errors():
            location = fault["loc"]
            if location[-1:] != ("str",):  # `values: all`, which was not meant where a list stands
                place = (step for step in location if isinstance(step, int) or "[" not in step)
                yield document.problem((index, *place), _say(fault))


_SAID = {
    "string_type": "expected text; put the value in quotes",
    "int_type": "expected a whole number",
    "bool_type": "expected true or false",
    "list_type": "expected a list in brackets",
    "model_type": "expected keys and values in braces",
    "missing": "is missing",
    "extra_forbidden": "no such key here",
    "string_too_short": "is empty",
    "too_short": "is an empty list; expected at least one entry",
    "string_pattern_mismatch": "expected one line; of a part, lower case letters, digits and hyphens",
}


def _say(fault: Any) -> str:
    """One line for a person; our own words where pydantic speaks to programmers."""
    message = _SAID.get(fault["type"]) or str(fault["msg"]).removeprefix("Value error, ")
    return message[:1].lower() + message[1:]


def _repeated(document: Document, items: list[Any]) -> Iterable[Problem]:
    seen: set[str] = set()
    for index, item in enumerate(items):
        part = item.get("part") if isinstance(item, dict) else None
        if isinstance(part, str) and part in seen:
            yield document.problem((index, "part"), "this part is asked twice; each question needs a noun of its own")
        elif isinstance(part, str):
            seen.add(part)
