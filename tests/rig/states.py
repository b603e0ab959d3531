"""The hosts of the rig: each has one deliberate state, and beside it the truth that an audit must find."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType

from scorecard.errors import FailureKind
from scorecard.model import Status
from tests.rig import setups
from tests.rig.packages import Packages
from tests.rig.roots import USER
from tests.rig.silence import Listener, babbler, black_hole, nobody
from tests.rig.tree import Tree

PASS, WARN, FAIL = Status.PASS, Status.WARN, Status.FAIL
UNKNOWN, NOT_APPLICABLE = Status.UNKNOWN, Status.NOT_APPLICABLE


@dataclass(frozen=True, slots=True)
class Truth:
    """What an audit must find. Checks that the state does not decide are not named.

    `failure`: why nothing is read from this host. `rest`: the status of every check not named, where the state decides
    all of them. `privileged`: whether our account reads as root there.
    """

    checks: Mapping[str, Status] = field(default_factory=lambda: MappingProxyType({}))
    failure: FailureKind | None = None
    rest: Status | None = None
    privileged: bool = True


class KnownKey(Enum):
    """What the rig's known_hosts file holds for a host."""

    RIGHT = "right"
    OTHER = "other"
    NONE = "none"


PATCHED = Packages()


@dataclass(frozen=True, slots=True)
class HostState:
    """`full`: its disk has no room left. `admits`: it lets the rig's key in. `sshd`: lines for its sshd_config."""

    name: str
    about: str
    truth: Truth
    packages: Packages = PATCHED
    user: str = "root"
    setup: Callable[[Tree], None] = setups.nothing
    hostname: bytes = b""
    daemons: tuple[str, ...] = ()
    full: bool = False
    admits: bool = True
    known_key: KnownKey = KnownKey.RIGHT
    sshd: str = ""


@dataclass(frozen=True, slots=True)
class SilentState:
    """An address without a host."""

    name: str
    about: str
    truth: Truth
    listener: Listener


_WELL: Mapping[str, Status] = {
    "antivirus.definitions": FAIL,
    "antivirus.protected": FAIL,
    "antivirus.single-engine": FAIL,
    "disk-encryption.data-volumes": NOT_APPLICABLE,
    "disk-encryption.system-volume": NOT_APPLICABLE,
    "inventory.identified": PASS,
    "patching.automatic-updates": FAIL,
    "patching.last-installed": PASS,
    "patching.security-updates": PASS,
    "patching.sources-fresh": PASS,
}


def _well(changes: Mapping[str, Status] = MappingProxyType({}), *, privileged: bool = True) -> Truth:
    """A patched virtual machine with neither antivirus nor automatic updates, except for `changes`."""
    return Truth({**_WELL, **changes}, privileged=privileged)


def _not_read(failure: FailureKind) -> Truth:
    return Truth(failure=failure, rest=UNKNOWN, privileged=False)


_MISSING = Packages(patched=False, upgraded_days_ago=45)

HOSTS = (
    HostState("patched", "Debian 12 with nothing to install", _well()),
    HostState(
        "missing-security",
        "a security update is waiting, and the last upgrade was 45 days ago",
        _well({"patching.security-updates": FAIL, "patching.last-installed": WARN}),
        _MISSING,
    ),
    HostState(
        "no-lists",
        "the package lists are missing, so that apt sees no update",
        _well({"patching.security-updates": UNKNOWN, "patching.sources-fresh": UNKNOWN}),
        Packages(patched=False, lists_age_days=None),
    ),
    HostState(
        "stale-lists",
        "the package lists are 90 days old and name no update",
        _well({"patching.security-updates": UNKNOWN, "patching.sources-fresh": FAIL}),
        Packages(lists_age_days=90),
    ),
    HostState(
        "end-of-life",
        "Debian 11, which nobody publishes updates for any more without pay",
        Truth({"os-support.supported": FAIL, "patching.security-updates": NOT_APPLICABLE}),
        Packages("bullseye"),
    ),
    HostState("trixie", "Debian 13 with nothing to install", _well(), Packages("trixie")),
    HostState(
        "old-clamav",
        "ClamAV runs and scans on access, with virus definitions 40 days old",
        _well({"antivirus.protected": PASS, "antivirus.single-engine": PASS}),
        Packages(extra=setups.CLAMAV),
        setup=setups.clamav,
        daemons=("/usr/sbin/clamd", "/usr/sbin/clamonacc"),
    ),
    HostState(
        "reboot-required",
        "a restart has been due for 20 days",
        _well({"patching.reboot-pending": FAIL}),
        setup=setups.reboot_required,
    ),
    HostState("unprivileged", "our account has no right to become root", _well(privileged=False), user=USER),
    HostState("sudoer", "our account may become root without a password", _well(), user=USER, setup=setups.sudoer),
    HostState(
        "limited-sudoer",
        "our account may run named commands as root and no others",
        _well(privileged=False),
        user=USER,
        setup=setups.limited_sudoer,
    ),
    HostState("fish", "the login shell is fish, and prints noise", _well(), user=USER, setup=setups.fish),
    HostState(
        "german",
        "everything speaks German",
        _well({"patching.security-updates": FAIL, "patching.last-installed": WARN}),
        _MISSING,
        setup=setups.german,
        sshd="SetEnv LANG=de_DE.UTF-8 LANGUAGE=de\n",
    ),
    HostState(
        "full-disk",
        "the disk is full: no file can be written to it, and apt reads no signed list without a file of its own",
        _well(),
        full=True,
    ),
    HostState(
        "changed-key",
        "another key than the known one answers",
        _not_read(FailureKind.HOST_KEY_CHANGED),
        known_key=KnownKey.OTHER,
    ),
    HostState("unknown-key", "its key is not known", _not_read(FailureKind.HOST_KEY_UNKNOWN), known_key=KnownKey.NONE),
    HostState("no-entry", "our key is not let in", _not_read(FailureKind.AUTH_FAILED), admits=False),
    HostState(
        "hanging-shell",
        "the login shell hangs",
        _not_read(FailureKind.DEADLINE),
        user=USER,
        setup=setups.hanging_shell,
    ),
    HostState(
        "flooding-shell",
        "the login shell floods its output and never ends",
        _not_read(FailureKind.OUTPUT_TOO_LARGE),
        user=USER,
        setup=setups.flooding_shell,
    ),
    HostState(
        "nologin", "the account may not log in", _not_read(FailureKind.PERMISSION_DENIED), user=USER, setup=setups.nologin
    ),
    HostState(
        "hostile",
        "what it says of itself holds markup, escape sequences, shell code and false frames",
        Truth({"os-support.supported": UNKNOWN}, privileged=False),
        user=USER,
        setup=setups.hostile,
        hostname=setups.HOSTILE_NAME,
    ),
    HostState(
        "oversize",
        "what it says of itself is larger than the room there is for it",
        _not_read(FailureKind.PROTOCOL),
        setup=setups.oversize,
    ),
)

SILENT = (
    SilentState("refused", "nothing listens there", _not_read(FailureKind.REFUSED), nobody),
    SilentState("unreachable", "connections are swallowed", _not_read(FailureKind.UNREACHABLE), black_hole),
    SilentState("garbage", "a server answers that does not speak SSH", _not_read(FailureKind.PROTOCOL), babbler),
)
