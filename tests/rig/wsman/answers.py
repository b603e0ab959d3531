"""What a simulated machine answers to each verb: a code and a payload, as the contract has them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from tests.rig.wsman import registry, wql
from tests.rig.wsman.files import about, look_up
from tests.rig.wsman.machine import Machine, hresult, items, text_of

FORBIDDEN, RAN_INTO_LIMIT = 77, 124
INVALID_NAMESPACE, INVALID_CLASS, INVALID_QUERY = 0x8004100E, 0x80041010, 0x80041017
INVALID_METHOD, CIM_DENIED, CIM_TIMED_OUT = 0x8004102E, 0x80041003, 0x80041069
ACCESS_DENIED, NOT_FOUND, SERVICE_DISABLED = 0x80070005, 0x80070002, 0x80070422
_MOST_INSTANCES = 500

Question = Mapping[str, Any]
Payload = dict[str, Any]


class Failed(Exception):
    """The whole question fails with this HRESULT."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def answer(machine: Machine, question: Question, sleep: Callable[[float], None]) -> tuple[int, Payload]:
    try:
        _wait(machine, question, sleep)
        return 0, _VERBS[question["verb"]](machine, question)
    except Failed as failed:
        return failed.code, {"error": {"hresult": hresult(failed.code), "message": str(failed)[:300]}}


def _wait(machine: Machine, question: Question, sleep: Callable[[float], None]) -> None:
    """CIM can be told how long it may take; the others are waited for, and most then see that their time is up."""
    delay = float(machine.section("delays").get(question["part"], 0))
    if delay > question["limit"] and question["verb"] in ("cim", "services"):
        sleep(question["limit"])
        raise Failed(CIM_TIMED_OUT, "Timed out")
    sleep(delay)
    if delay > question["limit"] and question["verb"] in ("registry", "files", "events"):
        raise Failed(RAN_INTO_LIMIT, "limit")


# --- cim -----------------------------------------------------------------------------------------------------------


def _cim(machine: Machine, question: Question) -> Payload:
    class_ = _class(machine, question)
    if question["static"]:
        calls = {call["name"]: _called(class_.get("static", {}), call) for call in question["call"]}
        for error in (said["error"] for said in calls.values() if "error" in said):
            raise Failed(int(error, 16), "The method failed")
        return {"calls": calls}
    instances = []
    for instance in items(class_.get("instances")):
        try:
            if not wql.matches(question["filter"], instance):
                continue
        except wql.InvalidQueryError as error:
            raise Failed(INVALID_QUERY, f"Invalid query: {error}") from error
        instances.append(_instance(machine, question, instance))
    return {"instances": instances[:_MOST_INSTANCES], "capped": len(instances) > _MOST_INSTANCES}


def _class(machine: Machine, question: Question) -> Mapping[str, Any]:
    name, class_name = question["namespace"], question["class"]
    classes = _folded(machine.section("cim")).get(name.replace("\\", "/").lower())
    if classes is None:
        raise Failed(INVALID_NAMESPACE, machine.say("invalid namespace", "Invalid namespace"))
    if machine.denies("cim", name) or machine.denies("cim", f"{name}:{class_name}"):
        raise Failed(CIM_DENIED, machine.say("denied", "Access denied"))
    found = _folded(classes).get(class_name.lower(), INVALID_CLASS)
    if isinstance(found, list):
        return {"instances": found}
    code = found.get("error") if isinstance(found, Mapping) else found
    if code is not None:
        raise Failed(int(code), machine.say("invalid class", "Invalid class"))
    return dict(found)


def _instance(machine: Machine, question: Question, instance: Mapping[str, Any]) -> Payload:
    values = _folded(instance)
    props = {name: _value(values.get(name.lower())) for name in question["keep"]}
    found: Payload = {
        "props": props,
        "calls": {call["name"]: _called(instance.get("methods", {}), call) for call in question["call"]},
        "paths": {name: about(machine, props.get(name)) for name in question["paths"]},
    }
    return found


def _called(methods: Mapping[str, Any], call: Mapping[str, Any]) -> Payload:
    told = methods.get(call["name"], {"error": INVALID_METHOD})
    if "argument" in told:
        told = (told["given"] or {}).get(call["in"].get(told["argument"]), told.get("else", {"error": INVALID_METHOD}))
    if "error" in told:
        return {"error": hresult(told["error"])}
    out = {
        name: {"count": len(value)} if isinstance(value, list) else value for name, value in (told.get("out") or {}).items()
    }
    return {"return": told.get("return", 0), "out": out}


# --- services, events ----------------------------------------------------------------------------------------------


def _services(machine: Machine, question: Question) -> Payload:
    found = {}
    for name, service in machine.section("services").items():
        if service and any(_named(name, asked) for asked in question["names"]):
            found[name.lower()] = {
                "name": name,
                "kind": service.get("kind", "service"),
                "state": _value(service.get("state")),
                "start_mode": _value(service.get("start_mode")),
                "path": _program(_value(service.get("path"))),
            }
    return {"services": found}


def _program(line: Any) -> Any:
    """Of a command line the program alone: what comes after may hold a secret."""
    if not isinstance(line, str):
        return line
    quoted = re.match(r'"([^"]+)"', line)
    return quoted[1] if quoted else re.sub(r"(\.(?:exe|dll|sys)) .*", r"\1", line, flags=re.IGNORECASE)


def _named(name: str, asked: str) -> bool:
    name, asked = name.lower(), asked.lower()
    return name.startswith(asked[:-1]) if asked.endswith("*") else name == asked


def _events(machine: Machine, question: Question) -> Payload:
    if machine.denies("events", question["log"]):
        raise Failed(ACCESS_DENIED, machine.say("denied", "Attempted to perform an unauthorized operation."))
    log = _folded(machine.section("events")).get(question["log"].lower())
    if log is None:
        raise Failed(NOT_FOUND, "There is not an event log on the localhost computer that matches.")
    since = text_of(machine.now - timedelta(days=question["days"]))
    found = [event for event in items(log.get("events")) if event["time"] >= since and _wanted(event, question)]
    if found and question["fields"]:
        _not_constrained(machine)  # the fields of an event are read by a method of .NET
    found.sort(key=lambda event: str(event["time"]), reverse=True)
    events = [
        {
            "id": event["id"],
            "time": event["time"],
            "level": event.get("level", 4),
            "data": _fields(event.get("data") or {}, question["fields"]),
        }
        for event in found[: question["at_most"]]
    ]
    return {"events": events, "capped": len(found) > question["at_most"], "log_enabled": log.get("enabled", True)}


def _fields(data: Mapping[str, Any], wanted: list[str]) -> Payload:
    """Every field of an event is text; one that it does not have is left out."""
    asked = {name.lower() for name in wanted}
    return {name: str(value) for name, value in data.items() if name.lower() in asked}


def _wanted(event: Mapping[str, Any], question: Question) -> bool:
    provider = question["provider"].lower()
    return (
        event["id"] in question["ids"]
        and (not provider or str(event.get("provider", "")).lower() == provider)
        and (not question["levels"] or event.get("level", 4) in question["levels"])
    )


# --- registry, files, updates --------------------------------------------------------------------------------------


def _registry(machine: Machine, question: Question) -> Payload:
    # Of users' hives each is refused by itself.
    if not question["key"].startswith("HKU/") and machine.denies("registry", question["key"]):
        raise Failed(ACCESS_DENIED, machine.say("denied", "Requested registry access is not allowed."))
    return registry.read(machine, question)


def _files(machine: Machine, question: Question) -> Payload:
    return {"files": [file for path in question["paths"] for file in look_up(machine, path, question["text_kb"])]}


_NOTHING: Mapping[str, Any] = {
    "missing": [],
    "result_code": 2,
    "warnings": 0,
    "history": [],
    "last_search": None,
    "last_install": None,
    "services": [],
    "errors": {},
}


# What cannot be told where a call of the update agent failed.
_LOST: Mapping[str, Mapping[str, Any]] = {
    "search": {"missing": None, "result_code": None, "warnings": None},
    "history": {"history": []},
    "auto": {"last_search": None, "last_install": None},
    "services": {"services": []},
}


def _updates(machine: Machine, question: Question) -> Payload:
    _not_constrained(machine)
    agent = _folded(machine.section("services")).get("wuauserv") or {}
    told = {**_NOTHING, **machine.section("updates")}
    told |= {name: items(told[name]) for name in ("missing", "history")}
    errors = {name: hresult(code) for name, code in told["errors"].items()}
    disabled = agent.get("start_mode") == "Disabled"
    if disabled or machine.denies("updates", "agent"):
        errors = dict.fromkeys(("search", "history", "auto"), hresult(SERVICE_DISABLED if disabled else ACCESS_DENIED))
    for error in errors:
        told |= _LOST[error]
    return {**told, "errors": errors}


def _not_constrained(machine: Machine) -> None:
    if machine.constrained:
        raise Failed(FORBIDDEN, "Cannot create type. Only core types are supported in this language mode.")


def _folded(mapping: Mapping[str, Any]) -> dict[str, Any]:
    return {str(name).lower(): value for name, value in mapping.items()}


def _value(value: Any) -> Any:
    if isinstance(value, Mapping) and set(value) == {"error"}:
        return {"error": hresult(value["error"])}
    return value


_VERBS: Mapping[str, Callable[[Machine, Question], Payload]] = {
    "cim": _cim,
    "registry": _registry,
    "services": _services,
    "files": _files,
    "events": _events,
    "updates": _updates,
}
