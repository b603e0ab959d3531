"""Recorded answers of endpoints, one YAML file a case, under tests/facts/<topic>/<platform>/<case>.yaml.

    source: where the recording comes from: machine and date, or document and section, or "written by hand from ..."
    host: {product: debian, version: "12", as_of: 2026-11-20T12:00:00Z, virtual: "no"}     # what differs from HOST below
    parts:                                     # nouns of the topic's parts; a text is outcome ok, code 0
      packages: |
        ...
      crypttab: {outcome: denied, code: 77}    # absent, denied, timeout, truncated, error; with text where there was some
    first_seen: {name: 2026-10-01T00:00:00Z}   # optional: what earlier audits remember
    expect:
      patching.security-updates: {status: fail, words: [openssl, "40 days"]}     # parameters: {...} where not the defaults

A part that is not listed was never answered.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from scorecard.bundle import FIRST_SEEN_PART
from scorecard.errors import FactUnavailable
from scorecard.model import Chassis, Host, Observation, Outcome, Platform, Seen, Unseen, Verdict, Virtual, unknown
from scorecard.registry import Registry
from scorecard.topic import Parameters, Topic

FACTS = Path(__file__).parent / "facts"
AS_OF = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def host(platform: Platform, **changes: Any) -> Host:
    """A plain physical machine; `changes` are field values, wrapped in Seen unless they are Seen or Unseen already."""
    defaults: dict[Platform, tuple[str, str, str, str]] = {
        Platform.LINUX: ("debian", "Debian GNU/Linux 12 (bookworm)", "12", "6.1.0-42-amd64"),
        Platform.MACOS: ("macos", "macOS 26.7", "26.7", "25G229"),
        Platform.WINDOWS: ("windows", "Windows 11 Pro", "10.0.26100", "26100.4349"),
    }
    product, name, version, build = defaults[platform]
    plain = Host(
        as_of=AS_OF,
        platform=platform,
        clock=Seen(AS_OF),
        product=Seen(product),
        product_name=Seen(name),
        version=Seen(version),
        build=Seen(build),
        edition=Seen(None),
        like=Seen(()),
        architecture=Seen("x86_64"),
        hostname=Seen("machine"),
        chassis=Seen(Chassis.DESKTOP),
        virtual=Seen(Virtual.NO),
        virtual_kind=Seen("none"),
        privileged=Seen(True),
        user=Seen("root"),
        shell=Seen("/bin/sh"),
        joined=Seen(None),
        uptime_s=Seen(86_400),
        booted_at=Seen(AS_OF - timedelta(days=1)),
    )
    kinds = {"virtual": Virtual, "chassis": Chassis}
    values: dict[str, Any] = {}
    for key, value in changes.items():
        if key == "as_of":
            values[key] = _moment(value)
            values.setdefault("clock", Seen(values[key]))
        elif isinstance(value, Seen | Unseen):
            values[key] = value
        elif isinstance(value, dict) and set(value) == {"unseen"}:
            values[key] = Unseen(value["unseen"])
        else:
            if key in kinds:
                value = kinds[key](value)
            elif key in ("clock", "booted_at"):
                value = _moment(value)
            elif key == "like":
                value = tuple(value)
            values[key] = Seen(value)
    unknown_fields = set(values) - {field.name for field in fields(Host)}
    assert not unknown_fields, f"Host has no {unknown_fields}"
    return replace(plain, **values)


def _moment(value: Any) -> datetime:
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Case:
    topic: str
    platform: Platform
    name: str
    source: str
    host: Host
    observations: Mapping[str, Observation]
    expect: Mapping[str, Mapping[str, Any]]

    @property
    def id(self) -> str:
        return f"{self.topic}/{self.platform}/{self.name}"


def load_case(file: Path) -> Case:
    raw = yaml.safe_load(file.read_text(encoding="utf-8"))
    topic, platform = file.parent.parent.name, Platform(file.parent.name)
    seen_host = host(platform, **(raw.get("host") or {}))
    observations: dict[str, Observation] = {}
    for noun, answer in (raw.get("parts") or {}).items():
        part = f"{topic}.{noun}"
        if isinstance(answer, str):
            answer = {"text": answer}
        outcome = Outcome(answer.get("outcome", "ok"))
        text = answer.get("text", "").removesuffix("\n")
        code = answer.get("code", 0 if outcome is Outcome.OK else None)
        reason = "" if outcome is Outcome.OK else answer.get("reason", f"This part ended as {outcome}")
        observations[part] = Observation(part, outcome, text, code, 5, seen_host.as_of, reason)
    if first_seen := raw.get("first_seen"):
        known = json.dumps({name: _moment(moment).isoformat() for name, moment in first_seen.items()})
        observations[FIRST_SEEN_PART] = Observation(FIRST_SEEN_PART, Outcome.OK, known, 0, 0, seen_host.as_of)
    assert raw.get("source"), f"{file} does not say where it comes from"
    return Case(topic, platform, file.stem, raw["source"], seen_host, observations, raw["expect"])


def cases(topic: str = "*") -> list[Case]:
    return [load_case(file) for file in sorted(FACTS.glob(f"{topic}/*/*.yaml"))]


def apply(topic: Topic, check_id: str, case: Case, **parameters: Any) -> Verdict:
    """What the engine does around a rule, without its last safety net: a crash in a parser or rule is a failed test."""
    check = next(check for check in topic.checks if check.id == check_id)
    facts = topic.parse(case.observations, case.host)
    try:
        verdict = check.rule(facts, case.host, Parameters({**check.defaults(), **parameters}))
    except FactUnavailable as error:
        return unknown(error.reason)
    assert isinstance(verdict, Verdict)
    return verdict


def registry() -> Registry:
    return Registry.load()
