"""Reading what a part sent: sections, exit codes, times. Nothing here raises on bad input."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from scorecard.bundle import FIRST_SEEN_PART
from scorecard.model import Fact, Observations, Outcome, Seen, Unseen
from scorecard.reading import clean

MANY = 500  # more list items than this are counted, not kept
NO_DATE: Fact[datetime | None] = Seen(None)


@dataclass(frozen=True, slots=True)
class Section:
    """Lines between "== name" and the next heading; `code` is the last "rc N" among them, None when there was none."""

    lines: tuple[str, ...] = ()
    code: int | None = None

    def after(self, word: str) -> list[str]:
        """What follows `word` and a blank, for each line that starts so."""
        return [line[len(word) + 1 :] for line in self.lines if line.startswith(word + " ")]

    def complaint(self) -> str:
        """The first line that a tool marked as an error, for a person."""
        for line in self.lines:
            if re.match(r"(E|Error|error|ERROR|Fehler)\b", line.strip()):
                return clean(line, 160)
        return ""


def sections(text: str) -> dict[str, Section]:
    """Text before the first heading is under the empty name."""
    lines: dict[str, list[str]] = {"": []}
    codes: dict[str, int | None] = {}
    name = ""
    for line in text.splitlines():
        if line.startswith("== "):
            name = line[3:].strip()
            lines.setdefault(name, [])
        elif line.startswith("rc ") and (match := re.fullmatch(r"rc (-?[0-9]{1,5})", line)):
            codes[name] = int(match[1])
        else:
            lines[name].append(line)
    return {name: Section(tuple(found), codes.get(name)) for name, found in lines.items()}


def epoch(text: str) -> datetime | None:
    """Seconds since 1970; None for what no clock ever showed."""
    if not re.fullmatch(r"[0-9]{1,11}", text) or int(text) == 0:
        return None
    return datetime.fromtimestamp(int(text), UTC)


def stamped(lines: Iterable[str]) -> dict[str, datetime]:
    """ "EPOCH NAME" lines; of several times for one name the newest counts."""
    found: dict[str, datetime] = {}
    for line in lines:
        seconds, _, name = line.partition(" ")
        moment = epoch(seconds)
        if moment and name:
            found[clean(name)] = max(moment, found.get(clean(name), moment))
    return found


_LOG_TIME = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})[ T]([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?")


def log_time(text: str, zone: str = "") -> datetime | None:
    """ "2026-11-21 06:12:01" in a machine's own zone such as "+0100"; without a zone as UTC."""
    match = _LOG_TIME.match(text)
    if match is None:
        return None
    shift = re.fullmatch(r"([+-])([0-9]{2}):?([0-9]{2})", zone)
    offset = timedelta(hours=int(shift[2]), minutes=int(shift[3])) if shift else timedelta()
    try:
        place = timezone(-offset if shift and shift[1] == "-" else offset)
        numbers = [int(group or 0) for group in match.groups()]
        return datetime(*numbers[:6], tzinfo=place).astimezone(UTC)  # type: ignore[misc,arg-type]  # six integers
    except (ValueError, OverflowError):
        return None


def newest(moments: Iterable[datetime | None]) -> datetime | None:
    return max((moment for moment in moments if moment is not None), default=None)


def oldest(moments: Iterable[datetime | None]) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)


def earlier_sightings(observations: Observations) -> Mapping[str, datetime]:
    """What earlier audits remember: name to the time of its first sighting."""
    observation = observations.get(FIRST_SEEN_PART)
    if observation is None or observation.outcome is not Outcome.OK:
        return {}
    try:
        known = json.loads(observation.text)
    except (ValueError, RecursionError):
        return {}
    found: dict[str, datetime] = {}
    for name, text in known.items() if isinstance(known, dict) else ():
        moment = iso_time(text)
        if moment:
            found[name] = moment
    return found


def iso_time(text: object) -> datetime | None:
    """An ISO date or time; without a zone it is taken as UTC."""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def dated(moment: datetime | None, what: str) -> Fact[datetime]:
    return Seen(moment) if moment else Unseen(what)


def remembered(manager: str, name: str, installed: str | None, security: bool) -> str:
    """The name under which a first sighting is kept.

    It holds the installed version, not the one offered: while that stays the update has been missing without a break,
    however often a still newer one replaces what is offered. An ordinary update that later becomes a security update
    starts again.
    """
    return f"{manager}:{'security' if security else 'any'}:{name}@{installed or ''}"
