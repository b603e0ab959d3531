"""What an audit came to: devices, the scorecard with its promises and caps, and the Audit that holds all of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum

from scorecard.model import Failure, Finding, Identity, Json, Platform, Role, nothing


@dataclass(frozen=True, slots=True)
class System:
    """The operating system in words for the report; empty strings where it was never read."""

    name: str = ""
    version: str = ""
    build: str = ""


INVENTORY, SEEN_BEFORE = "inventory", "seen before"  # why an endpoint is expected


@dataclass(frozen=True, slots=True)
class Device:
    """An endpoint as the audit saw it."""

    name: str
    address: str
    site: str
    role: Role
    role_from: str  # "inventory", "collected", "last audit", "assumed"
    managed: bool
    expected_because: str  # INVENTORY, SEEN_BEFORE
    platform: Platform | None
    os: System
    seen: bool
    identity: Identity
    failure: Failure | None
    transport: str = "ssh"
    owner: str = ""
    tags: tuple[str, ...] = ()
    last_seen_at: datetime | None = None
    first_seen_at: datetime | None = None
    expected_since: datetime | None = None  # the first audit that expected it, whether it answered or not
    score: float | None = None
    duration_ms: int = 0
    privileged: bool | None = None
    account: str = ""  # who we were over there
    role_note: str = ""  # where declared role and seen chassis differ
    facts: Mapping[str, Json] = field(default_factory=nothing)  # serial, model, user: for the device list
    dropped_lines: int = 0  # noise outside the frames
    evidence: str = ""  # hash over all that it answered, see seal.py; empty where it was not seen


@dataclass(frozen=True, slots=True)
class Cap:
    """A limit on the letter, with the endpoints that cause it and what lifts it."""

    id: str
    check: str | None
    pool: str
    letter: str
    endpoints: tuple[str, ...]
    message: str
    lift: str
    held_since: datetime | None = None


class Answer(StrEnum):
    YES = "yes"
    NO = "no"
    NOT_YET = "not-yet"
    YES_EXCEPT = "yes-except"
    DOES_NOT_APPLY = "does-not-apply"  # no machine in scope has anything to promise here


@dataclass(frozen=True, slots=True)
class Promise:
    """Can we say, without a doubt, that every machine …? `of` counts the endpoints where it applies."""

    id: str
    title: str
    answer: Answer
    of: int
    met: int
    endpoints: tuple[str, ...]  # that fall short
    unknown: tuple[str, ...]  # that gave no answer and do not fall short
    excused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CategoryScore:
    id: str
    title: str
    score: float | None  # None: no check applies
    coverage: float
    weight: float
    possible: float | None = None


@dataclass(frozen=True, slots=True)
class Leaver:
    """What the environment's grade has and the partner's has not: a machine, or one check (None: all) on it."""

    endpoint: str
    check: str | None
    why: str
    exception: str | None = None


@dataclass(frozen=True, slots=True)
class Grade:
    """Scores from 0 to 100; `letter` is None when not graded (`not_graded` says why)."""

    score: float | None
    possible: float | None
    coverage: float
    letter: str | None
    worst_case: str | None
    not_graded: str | None
    caps: tuple[Cap, ...]


@dataclass(frozen=True, slots=True)
class Partner(Grade):
    """The provider's own grade: managed endpoints alone, without declined work. `leavers`: what makes the difference."""

    leavers: tuple[Leaver, ...] = ()


@dataclass(frozen=True, slots=True)
class Shipped:
    """The grade under the standard as it is shipped, where the audit's own is an edited one of that name.

    `differences`: one line for each rule that differs.
    """

    version: str
    score: float | None
    letter: str | None
    differences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scorecard(Grade):
    """The environment's grade and all that explains it."""

    letter_before_caps: str | None
    provisional: bool
    promises: tuple[Promise, ...]
    categories: tuple[CategoryScore, ...]
    endpoint_scores: Mapping[str, float | None]
    omitted_categories: tuple[str, ...] = ()
    partner: Partner | None = None
    shipped: Shipped | None = None

    def on_each(self, devices: Iterable[Device]) -> tuple[Device, ...]:
        """The devices with their own scores."""
        return tuple(replace(device, score=self.endpoint_scores[device.name]) for device in devices)


@dataclass(frozen=True, slots=True)
class Retired:
    name: str
    on: date
    reason: str


@dataclass(frozen=True, slots=True)
class Provider:
    """`contact` may have several lines. `logo`: a data address (logo.py); colours as `#1a4fa3`, empty for our own."""

    name: str = ""
    contact: str = ""
    logo: str = ""
    accent: str = ""
    accent_dark: str = ""


@dataclass(frozen=True, slots=True)
class Contract:
    """Hours each month, and what one more hour costs; None where the inventory does not say.

    `prices`: of a new machine, by role, in the same currency.
    """

    hours_per_month: float
    rate: float | None = None
    currency: str = ""
    prices: Mapping[Role, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Goal:
    """The letter that provider and client agreed to reach, and by when; None where no day was agreed."""

    letter: str
    by: date | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody at the client; mail and telephone are empty where nobody gave them."""

    name: str
    mail: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Preferences:
    """What the inventory says of the reports alone: nothing is judged by it.

    `contacts`: by site, where a site has its own. `locale` (days.LOCALES) and `paper` (days.A4, days.LETTER) are empty
    where the inventory does not say.
    """

    goal: Goal | None = None
    contact: Contact | None = None
    contacts: Mapping[str, Contact] = field(default_factory=dict)
    locale: str = ""
    paper: str = ""

    def contact_at(self, site: str) -> Contact | None:
        """Whom to ask for a machine of this site."""
        return self.contacts.get(site, self.contact)


@dataclass(frozen=True, slots=True)
class Authorisation:
    """Who allowed the audit; printed in the method section."""

    by: str
    on: date
    scope: str
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Audit:
    """One audit of one client: everything that the reports show and that anyone needs to recompute the letter."""

    id: str
    client: str
    time_zone: str
    as_of: datetime
    started_at: datetime
    finished_at: datetime
    tool_version: str
    standard: Mapping[str, Json]  # name, version, sha256, edited, content
    scorecard: Scorecard
    devices: tuple[Device, ...]
    findings: tuple[Finding, ...]
    checks: Mapping[str, Json]  # per check id: title, why, fix, effort, category: what the reports print
    retired: tuple[Retired, ...] = ()
    exceptions: tuple[Mapping[str, Json], ...] = ()
    provider: Provider = Provider()
    authorised: Authorisation | None = None
    client_since: datetime | None = None  # when the client's first audit ended; None: this is the first
    scope: str = ""  # why this audit is not graded as a whole, such as "--limit web*"; empty: the whole client
    interrupted: bool = False
    data: tuple[Mapping[str, Json], ...] = ()  # data files used: name, source, as_of
    sites: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    previous: str | None = None  # the chain of the client's audit before, see seal.py
    contract: Contract | None = None  # between provider and client, as the inventory names it
    preferences: Preferences = Preferences()
    made_up: bool = False  # a demonstration: no such client exists, and every page has to say so

    def described(self, check: str) -> Mapping[str, Json]:
        """What the audit says of a check: title, fix, effort and the like; nothing of one that it does not describe."""
        found = self.checks.get(check)
        return found if isinstance(found, Mapping) else nothing()

    def parameters(self, check: str) -> dict[str, Json]:
        """The values by which a check was judged, by name."""
        listed = self.described(check).get("parameters")
        if not isinstance(listed, Mapping):
            return {}
        return {name: entry.get("value") for name, entry in listed.items() if isinstance(entry, Mapping)}
