"""The core types: what every part of the project hands to the next (design section 3).

Imports the standard library only. All values are immutable; all times are aware UTC; machine durations are whole
milliseconds (`_ms`), human effort is minutes (`_min`), shares run from 0 to 1 and scores from 0 to 100.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Generic, Never, TypeAlias, TypeVar

from scorecard.errors import FactUnavailable, FailureKind

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

# What may stand in evidence: it is written to JSON as it is.
Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


class Platform(StrEnum):
    WINDOWS = "windows"
    LINUX = "linux"
    MACOS = "macos"


class Role(StrEnum):
    WORKSTATION = "workstation"
    LAPTOP = "laptop"
    SERVER = "server"


class Outcome(StrEnum):
    """How one part of the bundle ended over there."""

    OK = "ok"
    ABSENT = "absent"  # the tool or file asked for does not exist there
    DENIED = "denied"  # it exists or may exist, but our rights do not reach it
    TIMEOUT = "timeout"
    TRUNCATED = "truncated"  # cut at the size cap, or its end mark never came
    ERROR = "error"


class Status(StrEnum):
    PASS = "pass"  # noqa: S105 - a status, not a password
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not-applicable"


# What somebody has to do something about.
OPEN = frozenset({Status.FAIL, Status.WARN})


class Severity(StrEnum):
    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Identity(StrEnum):
    """Whether we know that the endpoint is the one meant."""

    PROVEN = "proven"
    NOT_PROVEN = "not-proven"  # e.g. host key accepted on first contact
    NOT_CONTACTED = "not-contacted"


# --- facts ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Seen(Generic[T_co]):
    """A fact that was read. `None` inside means "read, and there is none"."""

    value: T_co

    def seen(self) -> T_co:
        return self.value


@dataclass(frozen=True, slots=True)
class Unseen:
    """A fact that was not read; `reason` is one line for a person and becomes the finding's reason."""

    reason: str

    def seen(self) -> Never:
        """Raises FactUnavailable, which the engine turns into `unknown`."""
        raise FactUnavailable(self.reason)


Fact: TypeAlias = Seen[T] | Unseen


# --- what is asked, and of whom ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SecretRef:
    """Where a secret is found, never the secret. `kind` is env, file, keyring, command or prompt."""

    kind: str
    value: str | tuple[str, ...]
    source: str = ""  # "inventory.yaml:12", for messages

    def __str__(self) -> str:
        value = " ".join(self.value) if isinstance(self.value, tuple) else self.value
        return f"{self.kind}:{value}" if self.value else self.kind


@dataclass(frozen=True, slots=True)
class Credential:
    """How to log in. Belongs to one client and is refused for another's endpoints."""

    name: str
    client: str
    user: str | None = None
    password: SecretRef | None = None
    key_file: str | None = None
    certificate_file: str | None = None
    passphrase: SecretRef | None = None
    agent: bool = False


class HostKeyPolicy(StrEnum):
    STRICT = "strict"
    ACCEPT_NEW = "accept-new"


@dataclass(frozen=True, slots=True)
class Jump:
    """One hop on the way to an endpoint (ProxyJump)."""

    address: str
    port: int = 22
    credential: Credential | None = None


class ProxyKind(StrEnum):
    SOCKS5 = "socks5"
    HTTP = "http"


@dataclass(frozen=True, slots=True)
class Proxy:
    """What stands between this computer and a site, and passes connections on. It is never given a login."""

    kind: ProxyKind
    address: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{self.kind}://{host}:{self.port}"


class Authentication(StrEnum):
    """How we prove over WinRM who we are; the value is pywinrm's name for it."""

    NTLM = "ntlm"
    KERBEROS = "kerberos"
    BASIC = "basic"
    CERTIFICATE = "certificate"
    CREDSSP = "credssp"


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast the endpoints of a site are asked, for the sake of a thin line."""

    max_parallel: int | None = None  # so many at a time; None: as many as the run asks at all
    start_gap_s: float = 0.0  # at least so long between two starts


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach an endpoint: `https`, `authentication` and `ca_file` over WinRM, the first four over SSH."""

    jumps: tuple[Jump, ...] = ()
    known_hosts: tuple[str, ...] = ()  # files; empty means the user's and the system's
    host_key_policy: HostKeyPolicy = HostKeyPolicy.STRICT
    keep_alive_s: int = 15
    connect_timeout_s: float = 10.0
    https: bool | None = None  # None: unless the port is one of plain HTTP
    authentication: Authentication | None = None  # None: a certificate where the credential has one, else NTLM
    ca_file: str = ""  # the only certificates to trust, issuers' or machines'; empty: this computer's
    proxy: Proxy | None = None  # to the endpoint, or to the first jump host on the way to it


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One machine that the client expects to be in order. `name` is unique within the client."""

    name: str
    client: str
    address: str
    transport: str = "ssh"  # ssh, winrm, local, replay
    site: str = ""
    port: int | None = None
    platform: Platform | None = None  # None: find out
    role: Role | None = None  # None: from the last collected answer, else server
    credential: Credential | None = None
    connection: Connection = Connection()
    tags: tuple[str, ...] = ()
    managed: bool = True
    owner: str = ""
    source: str = ""  # "inventory.yaml:31", for messages

    @property
    def credentials(self) -> tuple[Credential, ...]:
        """Its own first, then those of the jump hosts on the way."""
        ways = (self.credential, *(jump.credential for jump in self.connection.jumps))
        return tuple(credential for credential in ways if credential is not None)


@dataclass(frozen=True, slots=True)
class Probe:
    """One part of the bundle: what is asked, with its limits. `text` is the code or the declared question."""

    part: str  # "disk-encryption.block-tree", unique in a bundle
    platform: Platform
    text: str
    limit_s: int = 10
    size_bytes: int = 200_000
    root: bool = False  # says more with root; asked all the same without
    why: str = ""


@dataclass(frozen=True, slots=True)
class Observation:
    """What one part answered. `text` is the raw payload; `code` the exit code or HRESULT where one came back."""

    part: str
    outcome: Outcome
    text: str = ""
    code: int | None = None
    duration_ms: int = 0
    observed_at: datetime | None = None
    reason: str = ""  # for a person, when the outcome is not ok


Observations: TypeAlias = Mapping[str, Observation]


class Virtual(StrEnum):
    NO = "no"
    MACHINE = "machine"
    CONTAINER = "container"


class Chassis(StrEnum):
    DESKTOP = "desktop"
    LAPTOP = "laptop"
    SERVER = "server"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Host:
    """Read first from every endpoint. `as_of` is our clock when the answer came: a rule's only "now"."""

    as_of: datetime
    platform: Platform
    clock: Fact[datetime]  # the endpoint's own clock
    product: Fact[str]  # "debian", "ubuntu", "macos", "windows"
    product_name: Fact[str]  # "Debian GNU/Linux 12 (bookworm)"
    version: Fact[str | None]  # "12", "24.04", "26.3.1", "10.0.19045"; None: rolling
    build: Fact[str | None]  # kernel release, macOS or Windows build
    edition: Fact[str | None]  # Windows edition id; variant on Linux
    like: Fact[tuple[str, ...]]  # families: ("debian",), ("rhel", "fedora")
    architecture: Fact[str]
    hostname: Fact[str]
    chassis: Fact[Chassis]
    virtual: Fact[Virtual]
    virtual_kind: Fact[str]  # "kvm", "docker", "none"
    privileged: Fact[bool]  # root/administrator, or sudo without a password
    user: Fact[str]
    shell: Fact[str]
    joined: Fact[str | None]  # domain or directory, None: none
    uptime_s: Fact[int]
    booted_at: Fact[datetime]
    # What topics found out about the machine that other topics' rules need, such as "updates-published".
    traits: Mapping[str, Fact[bool]] = field(default_factory=lambda: MappingProxyType({}))


# --- judging -------------------------------------------------------------------------------------------------------


def nothing() -> Mapping[str, Json]:
    """An empty mapping that stays so, for defaults."""
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rule says. `measured`: what was seen, one line for a person; `expected`: what would have passed."""

    status: Status
    measured: str
    expected: str = ""
    evidence: Mapping[str, Json] = field(default_factory=nothing)
    reason: str | None = None  # why unknown or not applicable


def passed(measured: str, expected: str = "", **evidence: Json) -> Verdict:
    return Verdict(Status.PASS, measured, expected, MappingProxyType(evidence))


def warned(measured: str, expected: str, **evidence: Json) -> Verdict:
    return Verdict(Status.WARN, measured, expected, MappingProxyType(evidence))


def failed(measured: str, expected: str, **evidence: Json) -> Verdict:
    return Verdict(Status.FAIL, measured, expected, MappingProxyType(evidence))


def unknown(reason: str, **evidence: Json) -> Verdict:
    return Verdict(Status.UNKNOWN, "Not known", evidence=MappingProxyType(evidence), reason=reason)


def not_applicable(reason: str, **evidence: Json) -> Verdict:
    """Rests on a seen fact about what the machine or product is, never on an error (design section 3)."""
    return Verdict(Status.NOT_APPLICABLE, "Does not apply", evidence=MappingProxyType(evidence), reason=reason)


@dataclass(frozen=True, slots=True)
class Last:
    """The newest answer that earlier audits have of a check on an endpoint. Open: fail or warn."""

    status: Status
    observed_at: datetime
    since: datetime  # since when it has been open, or not open, without a break that was seen
    fixed_at: datetime | None = None  # when it was last found no longer open
    came_back: datetime | None = None  # of an open one: when it had been found fixed before

    @property
    def open(self) -> bool:
        return self.status in OPEN


class ExceptionKind(StrEnum):
    WAIVED = "waived"  # agreed to be as it is for a while
    DECLINED = "declined"  # work that the client refused
    STATED = "stated"  # told, not measured


@dataclass(frozen=True, slots=True)
class Mark:
    """A valid exception on a finding (design section 7). The status stays what was measured.

    A waived one has a place within the share of the checks that may leave the sum.
    """

    id: str
    kind: ExceptionKind
    covered: bool = False  # of a waived one: something protects the machine meanwhile


@dataclass(frozen=True, slots=True)
class Finding:
    """One check on one endpoint.

    `effective` is what it is worth in the score, from 0 to 1; None when it leaves the sum. Grading sets it, and with it
    `carried_from`.
    """

    check: str
    endpoint: str
    verdict: Verdict
    severity: Severity
    observed_at: datetime | None
    effective: float | None
    observations: tuple[str, ...] = ()  # "sha256:…" of what the rule's topic read
    carried_from: datetime | None = None  # when the older answer was given that counts in the score instead
    exception: Mark | None = None
    counts: bool = True  # False: shown, not graded
    first_seen: datetime | None = None  # since when it has been open, or not open, without a break; None: unknown
    came_back: datetime | None = None  # of an open one: when it had been found fixed, not long before it opened again
    last: Last | None = None  # of an unknown one: the answer before

    @property
    def status(self) -> Status:
        return self.verdict.status

    def marked(self, kind: ExceptionKind) -> bool:
        """Whether a valid exception of this kind stands on it."""
        return self.exception is not None and self.exception.kind is kind

    @property
    def left_the_sum(self) -> bool:
        """Whether a waiver keeps its fault out of the score."""
        return self.status in OPEN and self.marked(ExceptionKind.WAIVED)

    @property
    def is_stated(self) -> bool:
        """An unknown that somebody answered in writing."""
        return self.status is Status.UNKNOWN and self.marked(ExceptionKind.STATED)


# --- the result ----------------------------------------------------------------------------------------------------


NOT_ASKED = "Not asked, because "  # how the message begins where an endpoint was left out on purpose


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an endpoint was not seen."""

    kind: FailureKind
    message: str
    next_step: str

    @property
    def was_asked(self) -> bool:
        return not self.message.startswith(NOT_ASKED)
