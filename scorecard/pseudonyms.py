"""Puts numbers such as M-001 for the names in an audit: machines, people, places, addresses and serials (reports.md 12.6).

Done before any report module sees the audit, so that no format can forget it. Every text is gone through except our own
words: ids of checks, the standard, what was asked. The same audit always gives the same numbers.

Names are learned where the audit has them as such; of answers, home folders and logins too. A name counts where it stands
alone, so `LT-01` is not found in `LT-012`. A single character, or up to four digits alone, is replaced only where it is the
whole of a text: in the middle of texts it would hit versions and counts.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, TypeVar

from scorecard.bundle import HOST_PART
from scorecard.host import parse_host
from scorecard.model import Finding, Json, Observation, Seen
from scorecard.redaction import AS_WINDOWS
from scorecard.reporting import Past, ReportContext
from scorecard.result import Audit, CategoryScore, Provider, Shipped

T = TypeVar("T")

# Our own words, by the kind of thing that has them: nothing that comes from a client or a machine stands there.
_OURS: Mapping[str, frozenset[str]] = {
    "Audit": frozenset(
        {"id", "client", "time_zone", "tool_version", "standard", "checks", "data", "provider", "contract", "previous"}
    ),
    "ReportContext": frozenset({"history", "probes", "frameworks", "strips"}),
    "Finding": frozenset({"check", "observations"}),
    "Device": frozenset({"role_from", "expected_because", "transport", "evidence"}),
    "Cap": frozenset({"id", "check", "pool", "letter"}),
    "Promise": frozenset({"id", "title"}),
    "Leaver": frozenset({"check"}),
    "Observation": frozenset({"part"}),
    "Outlook": frozenset({"audit"}),
    "Work": frozenset({"efforts"}),
    "Fix": frozenset({"check"}),
    "Answers": frozenset({"checks", "again"}),
    "Task": frozenset({"id", "check", "title", "fix", "lifts", "note"}),
    "Step": frozenset({"id", "title", "fixed_again"}),
    "Road": frozenset({"start", "letter"}),
    "NoRoad": frozenset({"start"}),
    "Preferences": frozenset({"locale", "paper"}),
    "Goal": frozenset({"letter"}),
}
_NEVER = (Past, CategoryScore, Provider, Shipped)  # hold no name of a client's
_OUR_KEYS = frozenset(
    {
        "check",
        "checks",
        "kind",
        "state",
        "sha256",
        "since",
        "from",
        "until",
        "on",
        "begun_at",
        "placed_at",
        "ended_at",
        "currency",
    }
)
_PERSON_KEYS = frozenset({"user", "users", "owner", "person", "account", "accounts"})
_IDENTITY, _NAMING = "inventory.identified", "inventory.naming-standard"
_OWN_NAME, _OWN_ID = re.compile(r"^name (.+?)(?:; |$)"), re.compile(r"(?:^|; )serial or id (.+?)(?:; |$)")
_APPROVERS = ("approver", "by", "says")
# Names that every system has: they tell nothing, and are words of ordinary texts.
_COMMON = frozenset(
    (
        *("root", "administrator", "administrators", "admin", "user", "users", "guest", "system", "localhost", "local"),
        *("none", "nobody", "public", "default", "shared", "all", "defaultaccount", "workgroup", "builtin", "domain"),
    )
)
_HOME = re.compile(r"(?:/home/|/Users/|\\{1,4}Users\\{1,4})([^\s/\\:\"'<>|]{2,64})", re.IGNORECASE)
_MAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_MAC = re.compile(r"(?<![0-9A-Fa-f:-])[0-9A-Fa-f]{2}(?:([:-])[0-9A-Fa-f]{2})(?:\1[0-9A-Fa-f]{2}){4}(?![0-9A-Fa-f:-])")
_IPV4 = re.compile(r"(?<![\w.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![\w]|\.[0-9])")
_IPV6 = re.compile(r"(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![\w:])")
_SID = re.compile(r"S-1-5-21(?:-[0-9]{1,10}){3,5}")
ADDRESS, MAIL, PHONE, SID = "[address]", "[mail]", "[phone]", "[sid]"
_WORD = re.compile(r"[^\W_]+")
_ESCAPED = re.compile(r"u[0-9a-fA-F]{4}")
_MOST_CACHED, _LONGEST_CACHED = 200_000, 400


def redacted(audit: Audit, context: ReportContext) -> tuple[Audit, ReportContext]:
    """Both with numbers for names; the context says so."""
    numbers = _learned(audit, context)
    seen, hidden = numbers.over(audit), numbers.over(context)
    planned = context.planned.renamed(numbers.over, seen) if context.planned else None
    return seen, _with(hidden, planned=planned, redacted=True)


class Numbers:
    """Names with what stands for them."""

    def __init__(self) -> None:
        self._whole: dict[str, str] = {}
        self._forms: dict[str, str] = {}
        self._lengths: dict[str, list[int]] = {}  # by the first word of a name: how long such names are, longest first
        self._wordless: list[tuple[str, str]] = []
        self._counts: dict[str, int] = {}
        self._done: dict[str, str] = {}

    def next(self, kind: str, name: str) -> str:
        """The number of a name that is new, or the one it has. `kind`: M, P, S …"""
        if not name or name.casefold() in _COMMON:
            return name
        if known := self._whole.get(name):
            return known
        self._counts[kind] = self._counts.get(kind, 0) + 1
        number = f"{kind}-{self._counts[kind]:03d}"
        self.learn(name, number)
        return number

    def learn(self, name: str, number: str) -> None:
        """From now on `number` stands for this name; one that is known keeps its own."""
        if not name or name in self._whole or name.casefold() in _COMMON:
            return
        self._whole[name] = number
        self._done.clear()
        if len(name) > 1 and not (name.isdigit() and len(name) < 5):
            for form in _forms(name):
                self._add(form, number)

    def _add(self, form: str, number: str) -> None:
        word = _WORD.search(form)
        if word is None:
            self._wordless.append((form, number))
            return
        folded = form[word.start() :].casefold()
        self._forms.setdefault(folded, number)
        lengths = self._lengths.setdefault(word[0].casefold(), [])
        if len(folded) not in lengths:
            lengths.append(len(folded))
            lengths.sort(reverse=True)

    def text(self, text: str) -> str:
        """The text with numbers for all that is known or has the shape of an address."""
        if text in self._whole:
            return self._whole[text]
        done = self._done.get(text)
        if done is None:
            done = _without_shapes(self._without_names(text))
            if len(text) <= _LONGEST_CACHED and len(self._done) < _MOST_CACHED:
                self._done[text] = done
        return done

    def _without_names(self, text: str) -> str:
        for name, number in self._wordless:
            text = text.replace(name, number)
        pieces: list[str] = []
        position = 0
        for word in _WORD.finditer(text):
            if word.end() <= position:
                continue
            for start in _starts(text, word):
                if start >= position and (found := self._at(text, start, word.end())):
                    end, number = found
                    pieces += (text[position:start], number)
                    position = end
                    break
        return "".join((*pieces, text[position:]))

    def _at(self, text: str, start: int, end: int) -> tuple[int, str] | None:
        for length in self._lengths.get(text[start:end].casefold(), ()):
            stop = start + length
            number = self._forms.get(text[start:stop].casefold())
            if number and not (text[stop - 1 : stop].isalnum() and text[stop : stop + 1].isalnum()):
                return stop, number
        return None

    def over(self, value: T) -> T:
        """The same value with every text in it gone through."""
        return self._over(value)  # type: ignore[no-any-return]  # of the kind it was: only texts are exchanged

    def _over(self, value: Any) -> Any:
        if isinstance(value, str):
            return value if isinstance(value, Enum) else self.text(value)
        if isinstance(value, tuple | list):
            return type(value)([self._over(item) for item in value])
        if isinstance(value, Mapping):
            return {
                key if key in _OUR_KEYS else self._over(key): item if key in _OUR_KEYS else self._over(item)
                for key, item in value.items()
            }
        if is_dataclass(value) and not isinstance(value, (type, *_NEVER)):
            return _with(value, **{name: self._over(getattr(value, name)) for name in _gone_through(type(value))})
        return value


def _with(value: T, **changed: object) -> T:
    """A frozen value with some of its parts exchanged."""
    kind: Any = type(value)
    return kind(**{part.name: changed.get(part.name, getattr(value, part.name)) for part in fields(kind)})  # type: ignore[no-any-return]  # a dataclass makes its own kind


@cache
def _gone_through(kind: Any) -> tuple[str, ...]:
    ours = _OURS.get(kind.__name__, frozenset())
    return tuple(part.name for part in fields(kind) if part.name not in ours)


def _starts(text: str, word: re.Match[str]) -> Iterable[int]:
    """Where a name may begin in this word: after an escape of JSON its letters run on (`\\nanna`, `\\u0027anna`)."""
    start = word.start()
    yield start
    if start and text[start - 1] == "\\":
        if text[start] in "bfnrt":
            yield start + 1
        if _ESCAPED.match(text, start):
            yield start + 5


def _forms(name: str) -> set[str]:
    """The name, as it is escaped in answers, and a person's name of two words as logins have it."""
    escaped = json.dumps(name)[1:-1]
    forms = {name, escaped, escaped.translate(AS_WINDOWS), json.dumps(name, ensure_ascii=False)[1:-1]}
    words = name.split()
    if len(words) == 2 and all(word.isalpha() for word in words):
        forms |= {sign.join(words) for sign in (".", "_", "-", "")} | {f"{words[1]}, {words[0]}"}
    return forms


def _without_shapes(text: str) -> str:
    """Without what is an address of a machine or a person by its shape, known or not."""
    if "@" in text:
        text = _MAIL.sub(MAIL, text)
    if "S-1-5-21-" in text:
        text = _SID.sub(SID, text)
    if "." in text:
        text = _IPV4.sub(_address, text)
    if ":" in text or "-" in text:
        text = _MAC.sub(ADDRESS, text)
    if text.count(":") > 1:
        text = _IPV6.sub(_address, text)
    return text


def _address(match: re.Match[str]) -> str:
    """Of a machine somewhere: not of itself, and not the number of a version."""
    try:
        found = ipaddress.ip_address(match[0])
    except ValueError:
        return match[0]
    return match[0] if found.is_loopback or found.is_unspecified else ADDRESS


def _learned(audit: Audit, context: ReportContext) -> Numbers:
    numbers = Numbers()
    audits = (audit, context.before) if context.before else (audit,)
    for one in audits:
        for device in one.devices:
            numbers.next("M", device.name)
    for one in audits:
        for name in (*(left.name for left in one.retired), *_excepted(one)):
            numbers.next("M", name)
    for one in audits:
        _places(one, numbers)
        _people(one, numbers)
    for one in audits:
        _machines(one, numbers)
    for observation in context.evidence.values():
        _answer(observation, audit, numbers)
    return numbers


def _excepted(audit: Audit) -> Iterable[str]:
    """Machines that an exception names, there or not; patterns stay."""
    for entry in audit.exceptions:
        for name in _texts(entry.get("endpoints")):
            if not set(name) & set("*?["):
                yield name


def _places(audit: Audit, numbers: Numbers) -> None:
    for site in sorted(
        {*audit.sites, *(device.site for device in audit.devices)}, key=lambda site: (site.casefold(), site)
    ):
        numbers.next("S", site)


def _people(audit: Audit, numbers: Numbers) -> None:
    found = {device.owner for device in audit.devices}
    found |= {text for entry in audit.exceptions for key in _APPROVERS for text in _texts(entry.get(key))}
    if audit.authorised:
        found.add(audit.authorised.by)
    found |= set(_contacts(audit, numbers))
    for device in audit.devices:
        found |= {text for key, value in device.facts.items() if key in _PERSON_KEYS for text in _texts(value)}
    for finding in audit.findings:
        found |= set(_named(finding, _PERSON_KEYS))
    for person in _sorted(found):
        _person(person, numbers)


def _contacts(audit: Audit, numbers: Numbers) -> Iterable[str]:
    """Whom to ask for machines. A telephone number is somebody's and has no shape of its own."""
    asked = audit.preferences
    for contact in (*filter(None, (asked.contact,)), *asked.contacts.values()):
        numbers.learn(contact.phone, PHONE)
        yield contact.name


def _sorted(names: Iterable[str]) -> list[str]:
    return sorted(names, key=lambda name: (name.casefold(), name))


def _person(name: str, numbers: Numbers) -> None:
    """Of `FIRM\\anna` and `anna@firm.example` the login is the person; what stands before a backslash is a machine's or
    a domain's name."""
    domain, _, login = name.rpartition("\\")
    login = login.partition("@")[0]
    number = numbers.next("P", login)
    numbers.learn(name, number)
    if domain:
        numbers.next("D", domain)


def _machines(audit: Audit, numbers: Numbers) -> None:
    """Addresses and serials have the number of their machine."""
    for device in audit.devices:
        number = numbers.next("M", device.name)
        digits = number.partition("-")[2] or number
        short = device.name.partition(".")[0]
        if short != device.name and not short.isdigit():
            numbers.learn(short, number)
        numbers.learn(device.address, f"A-{digits}")
        if not device.address.partition(".")[0].isdigit() and ":" not in device.address:
            numbers.learn(device.address.partition(".")[0], f"A-{digits}")
        for serial in _texts(device.facts.get("serial")):
            numbers.learn(serial, f"N-{digits}")
        _account(device.account, number, numbers)
    for finding in audit.findings:
        _identified(finding, numbers.next("M", finding.endpoint), numbers)


def _account(account: str, number: str, numbers: Numbers) -> None:
    """Who we were over there: `root@host`, `HOST\\audit`. The host is the machine, by a name or an address of its own."""
    login, _, host = account.rpartition("@")
    before, _, after = (login or host).rpartition("\\")
    for name in (before, host if login else ""):
        numbers.learn(name, number)
    if before:
        _person(after, numbers)


def _identified(finding: Finding, number: str, numbers: Numbers) -> None:
    """What the machine calls itself, where it stands in no field of its own: in what the check of identity says of it."""
    if finding.check == _NAMING:
        for name in _named(finding, frozenset({"name"})):
            numbers.learn(name, number)
            numbers.learn(name.partition(".")[0], number)
    if finding.check == _IDENTITY:
        if found := _OWN_NAME.search(finding.verdict.measured):
            numbers.learn(found[1], number)
            numbers.learn(found[1].partition(".")[0], number)
        if found := _OWN_ID.search(finding.verdict.measured):
            numbers.learn(found[1], f"N-{number.partition('-')[2]}")
    for serial in _named(finding, frozenset({"serial"})):
        numbers.learn(serial, f"N-{number.partition('-')[2]}")


def _answer(observation: Observation, audit: Audit, numbers: Numbers) -> None:
    """Names that only an answer has: the machine's own, logins, home folders."""
    if observation.part == HOST_PART:
        host = parse_host({HOST_PART: observation}, observation.observed_at or audit.as_of)
        if host is not None and isinstance(host.hostname, Seen):
            numbers.next("M", host.hostname.value)
        if host is not None and isinstance(host.user, Seen):
            _person(host.user.value, numbers)
    if "home" in observation.text or "sers" in observation.text or "SERS" in observation.text:
        for match in _HOME.finditer(observation.text):
            numbers.next("P", match[1])


def _named(finding: Finding, keys: frozenset[str]) -> Iterable[str]:
    for key, value in finding.verdict.evidence.items():
        if key in keys:
            yield from _texts(value)


def _texts(value: Json | object) -> Iterable[str]:
    if isinstance(value, str) and value:
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
