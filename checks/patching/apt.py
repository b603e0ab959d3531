"""apt on Debian, Ubuntu and their relatives (linux.md 3.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import parsedate_to_datetime

from scorecard.model import Fact, Host, Observations, Seen, Unseen
from scorecard.reading import clean, text_of

from .payload import MANY, NO_DATE, Section, dated, epoch, log_time, newest, oldest, remembered, sections
from .shape import Update, Updates, nothing_read

# Labels of the distributions themselves: what they do not call security is not. Other sources do not say.
_OWN_LABELS = frozenset({"Debian", "Debian-Security", "Debian Backports", "Ubuntu", "UbuntuESM", "UbuntuESMApps"})
_NO_CLASS = Unseen("Its source does not say which updates are security updates")
# Distributions that publish security updates in a place of their own, so that its absence is a fault.
# "E: Unable to mkstemp /tmp/clearsigned.message.Bj0wmt - GetTempFile (28: No space left on device)"
_ERRNO = re.compile(r"^E: .*\([0-9]{1,3}: ([\w ]{1,80})\)")
_HAS_SECURITY_SUITE = frozenset({"debian", "ubuntu"})
_MANY_PINS = 400  # as many as the probe sends
_UNRELEASED = frozenset({"testing", "unstable", "experimental"})


@dataclass(frozen=True, slots=True)
class _Release:
    """The head of one InRelease or Release file in apt's lists."""

    file: str
    label: str
    suite: str
    codename: str
    date: datetime | None
    valid_until: datetime | None
    empty: tuple[str, ...]  # lists without a package, such as "main/binary-amd64/Packages"

    @property
    def is_security(self) -> bool:
        return _is_security(self.label, self.suite) or _is_security(self.label, self.codename)

    @property
    def is_base(self) -> bool:
        """Packages of Debian or Ubuntu themselves, also on a relative, of a release that has a security source."""
        return self.label in ("Debian", "Ubuntu") and self.suite not in _UNRELEASED and not self.is_security

    @property
    def base_name(self) -> str:
        """ "bookworm" of bookworm, bookworm-updates and bookworm-security; Ubuntu has one name for all of them."""
        return re.split("[-/]", self.codename)[0]

    @property
    def is_extended(self) -> bool:
        return self.label.startswith("UbuntuESM")


@dataclass(frozen=True, slots=True)
class _Policy:
    """One package of `apt-cache policy`: is there a security version above the installed one?"""

    installed: str
    candidate: str
    security_above: bool


def parse(observations: Observations, host: Host, first_seen: Mapping[str, datetime]) -> Updates:
    text = text_of(observations, "patching.apt")
    plan = sections(text.value).get("simulate", Section()) if isinstance(text, Seen) else Section()
    last_installed, last_security_installed, notes = _history(observations, plan)
    if isinstance(text, Unseen):
        return replace(nothing_read(text), last_installed=last_installed, last_security_installed=last_security_installed)
    found = sections(text.value)
    used, unread = _sources(found)
    policies = _policies(found.get("policy", Section()))
    rolling = host.product == Seen("debian") and host.version == Seen(None)
    told_apart: Fact[bool] = Seen(not rolling)
    missing: Fact[tuple[Update, ...]]
    if not used:
        missing = Unseen(f"{_why_none(found)}, so nothing can be said about missing updates")
    else:
        missing = _missing(found, policies, first_seen)
    has_security = _has_security(used, host)
    known = isinstance(host.product, Seen) and host.product.value in _HAS_SECURITY_SUITE
    expected = (known or any(release.is_base for release in used)) and not rolling
    notes += _told(found, used)
    return Updates(
        manager=Seen("apt"),
        missing=missing,
        told_apart=told_apart,
        security_source=Seen(has_security or not expected) if used else Unseen(_why_none(found)),
        data_time=_data_time(found, used),
        blind=Seen((*unread, *_hidden(found.get("pins", Section())))),
        last_installed=last_installed,
        last_security_installed=last_security_installed,
        notes=tuple(notes),
    )


def _has_security(used: list[_Release], host: Host) -> bool:
    """Whether a security source of the release that runs here was read.

    Ubuntu Pro's extended fixes come on top of it and do not stand in for it; nor does the source of another release,
    as one finds it where an upgrade renamed only some of the sources.
    """
    security = {release.base_name for release in used if release.is_security and not release.is_extended}
    base = {release.base_name for release in used if release.is_base}
    name = host.product_name.value if isinstance(host.product_name, Seen) else ""
    running = {each for each in base if each and each in name} or base
    return bool(running & security if running else security)


def _is_security(label: str, suite: str) -> bool:
    """Debian names its security archive by label, Ubuntu by suite; up to Debian 10 the suite was "buster/updates"."""
    return label == "Debian-Security" or suite.endswith(("-security", "/updates"))


@dataclass(frozen=True, slots=True)
class _Target:
    """One list that apt is set up to read; sources without a list on disk are among them."""

    release: str  # as in sources.list: "bookworm-security"
    path: str  # "main/binary-amd64/Packages"
    file: str
    present: bool


def _sources(found: Mapping[str, Section]) -> tuple[list[_Release], list[str]]:
    """Releases whose lists were read, and a sentence for each source that was not."""
    rows = [line.split("|") for line in found.get("targets", Section()).after("target")]
    targets = [_Target(clean(row[0]), row[1], row[2], row[3] == "present") for row in rows if len(row) == 4]
    releases = _releases(found.get("releases", Section()))
    used: list[_Release] = []
    covered: set[str] = set()
    for release in releases:
        mine = [target for target in targets if _belongs(release, target.file)]
        if any(target.present or target.path in release.empty for target in mine):
            used.append(release)
            covered.update(target.file for target in mine)
    unread = {target.release for target in targets if target.file not in covered}
    return used, [f"Source {name} was never read" for name in sorted(unread)[:5]]


def _why_none(found: Mapping[str, Section]) -> str:
    """Why no list was read: there is none, or apt could not read what lies there, as where a disk is full."""
    if not _releases(found.get("releases", Section())):
        return "apt has no package lists"
    said = next((match[1] for line in found.get("targets", Section()).lines if (match := _ERRNO.search(line))), "")
    return f"apt could not read its package lists ({said})" if said else "apt could not read its package lists"


def _releases(section: Section) -> list[_Release]:
    found: list[_Release] = []
    fields: dict[str, str] = {}
    empty: list[str] = []

    def finish() -> None:
        if fields:
            date, until = _mail_date(fields.get("Date", "")), _mail_date(fields.get("Valid-Until", ""))
            label, suite, codename = (fields.get(key, "") for key in ("Label", "Suite", "Codename"))
            found.append(_Release(fields["file"], label, suite, codename, date, until, tuple(empty)))

    for line in section.lines:
        key, _, value = line.partition(": ")
        if line.startswith("release "):
            finish()
            fields, empty = {"file": line[8:].strip()}, []
        elif key == "Empty":
            empty.append(value)
        elif fields and value:
            fields[key] = clean(value)
    finish()
    return found


def _mail_date(text: str) -> datetime | None:
    """ "Fri, 20 Nov 2026 00:12:41 UTC"."""
    try:
        moment = parsedate_to_datetime(text.replace("UTC", "+0000").replace("GMT", "+0000"))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else None


def _belongs(release: _Release, index: str) -> bool:
    """Whether an index file on disk is listed by this release file; both names are made from the same address."""
    head = re.sub(r"(In)?Release$", "", release.file)
    return len(head) < len(release.file) and index.startswith(head)


def _hidden(pins: Section) -> list[str]:
    """What pins hide as a whole: "low -1 v=12,o=Debian,a=oldstable-security,n=bookworm-security,l=Debian-Security,…".

    Below 100 nothing that is installed is ever replaced. Extended fixes of Ubuntu are so for everybody without a contract.
    """
    if pins.code not in (0, None):
        return ["apt did not tell which sources are pinned"]
    hidden: list[str] = []
    for line in pins.after("low"):
        priority, _, words = line.partition(" ")
        fields = dict(word.split("=", 1) for word in words.split(",") if "=" in word)
        label, name = fields.get("l", ""), clean(fields.get("n", "") or fields.get("a", ""), 60)
        if _is_security(label, fields.get("a", "")) and not label.startswith("UbuntuESM"):
            hidden.append(f"Source {name} has the priority {clean(priority, 8)}, so its updates are not offered")
    if len(pins.lines) >= _MANY_PINS:
        hidden.append("More packages are pinned than were looked at")
    return list(dict.fromkeys(hidden))[:5]


def _data_time(found: Mapping[str, Section], used: list[_Release]) -> Fact[datetime]:
    """The archive's own date of the security suite: it is renewed within a week, the stable suite only by point releases.

    Where there is no such suite: the last update that succeeded, or the newest date of any source.
    """
    security = [release.date for release in used if release.is_security and not release.is_extended]
    if security:
        return dated(oldest(security), "The list of security updates has no date")
    stamps = found.get("releases", Section()).after("stamp")
    moments = [epoch(line.split(" ")[-1]) for line in stamps] + [release.date for release in used]
    return dated(newest(moments), "apt's package lists have no date")


# The label of a foreign source may hold brackets, so only what is sure is read and the origins are what is left.
_INST = re.compile(r"Inst (\S+) \[([^\]\s]*)\] \((\S+) (.*)")


def _missing(
    found: Mapping[str, Section], policies: Mapping[str, _Policy], first_seen: Mapping[str, datetime]
) -> Fact[tuple[Update, ...]]:
    plan = found.get("simulate", Section())
    if plan.code != 0:
        return Unseen(f"apt could not work out what is missing: {plan.complaint() or f'exit code {plan.code}'}")
    if not any(re.match(r"[0-9]+ upgraded, ", line) for line in plan.lines):
        return Unseen("apt's answer has no summary line")
    policy_section = found.get("policy", Section())
    if policy_section.code != 0:
        return Unseen("apt did not tell where the newer packages come from")
    marks = found.get("held", Section())
    if marks.code != 0:
        return Unseen("apt did not tell which packages are held back")
    held = {clean(line) for line in marks.lines if line.strip()}
    missing: dict[str, Update] = {}
    for line in plan.lines:
        match = _INST.match(line)
        # A package without an installed version is new here; it comes with the update that needs it.
        if match is None:
            continue
        name, installed, candidate = (clean(group) for group in match.groups()[:3])
        origins = match[4].rpartition(")")[0].rpartition(" [")[0][:4000]
        policy = policies.get(name)
        security = _class(origins, policy)
        missing[name] = _update(name, installed, candidate, security, False, first_seen)
    pinned = {clean(name) for name in found.get("pins", Section()).after("pinned")}
    for name in sorted(held | _kept_back(plan) | pinned):
        policy = policies.get(name)
        if policy is None or name in missing or policy.installed in ("", "(none)"):
            continue
        # What is kept back without a hold is phased (Ubuntu), which security updates never are, or cannot be installed:
        # then runs that install everything leave it out as they leave out what is held.
        if policy.security_above or (name in held and policy.candidate != policy.installed):
            security = Seen(policy.security_above)
            missing[name] = _update(name, policy.installed, policy.candidate, security, True, first_seen)
    return Seen(tuple(missing.values())[:MANY])


def _class(origins: str, policy: _Policy | None) -> Fact[bool]:
    """Security if any version above the installed one is in a security archive, not only the one that wins."""
    places = [origin.partition(":") for origin in origins.split(", ")]
    if (policy and policy.security_above) or any(_is_security(label, rest.rpartition("/")[2]) for label, _, rest in places):
        return Seen(True)
    if all(label in _OWN_LABELS for label, _, _ in places):
        return Seen(False)
    return _NO_CLASS


def _update(
    name: str, installed: str, candidate: str, security: Fact[bool], held: bool, first_seen: Mapping[str, datetime]
) -> Update:
    key = remembered("apt", name, installed, security == Seen(True))
    return Update(name, candidate, Seen(installed), security, NO_DATE, Seen(first_seen.get(key)), Seen(held))


def _kept_back(plan: Section) -> set[str]:
    names: set[str] = set()
    inside = False
    for line in plan.lines:
        if line.startswith(" "):
            names.update(line.split() if inside else ())
        else:
            inside = line.rstrip().endswith("kept back:")
    return names


def _policies(section: Section) -> dict[str, _Policy]:
    """The version table lists newer versions first; "***" marks the installed one; below each are its sources."""
    found: dict[str, _Policy] = {}
    name, installed, candidate = "", "", ""
    newer = above = False

    def finish() -> None:
        if name:
            found[name] = _Policy(installed, candidate, above)

    for line in section.lines:
        if line.endswith(":") and not line.startswith(" "):
            finish()
            name, installed, candidate, newer, above = clean(line[:-1]), "", "", False, False
        elif line.startswith("  Installed: "):
            installed = clean(line[13:])
        elif line.startswith("  Candidate: "):
            candidate = clean(line[13:])
        elif line.startswith("  Version table:"):
            newer = True
        elif line.startswith(" *** "):
            newer = False
        elif line.startswith("        ") and newer:
            words = line.split()
            above = above or (len(words) > 2 and _is_security("", words[2].rpartition("/")[0]))
    finish()
    return found


def _history(observations: Observations, plan: Section) -> tuple[Fact[datetime | None], Fact[datetime | None], list[str]]:
    """The last upgrade of anything, the last one of everything, and notes.

    On a system that had no upgrade yet the day it was installed counts. `apt-get install` may upgrade a package too, but
    leaves the others as they are, so it says nothing of the security updates still missing. Nor does `apt-get upgrade`
    where an update needs another package installed or removed: it leaves such updates out every time.
    """
    text = text_of(observations, "patching.dpkg")
    if isinstance(text, Unseen):
        return text, text, []
    section = sections(text.value)[""]
    zone = next(iter(section.after("zone")), "")
    broken = [clean(line) for line in section.after("broken")]
    notes = [f"{len(broken)} packages are not installed completely, such as {broken[0]}"] if broken else []
    runs = section.after("full-upgrade")
    if not any(line.startswith("Remv ") or (line.startswith("Inst ") and not _INST.match(line)) for line in plan.lines):
        runs += section.after("plain-upgrade")
    full = newest(log_time(line, zone) for line in runs)
    last = newest(log_time(line, zone) for line in section.after("upgraded"))
    born = newest(log_time(line, zone) for line in section.after("born"))
    if last is None and born is not None:
        notes.append("Nothing was updated since the system was installed")
    if last or born:
        return Seen(last or born), Seen(full), notes
    reason = "There is no log of package changes"
    if section.after("logs"):
        reason = "dpkg's log holds no update and does not reach back to the installation"
    return Unseen(reason), Seen(full), notes


def _told(found: Mapping[str, Section], used: list[_Release]) -> list[str]:
    """Sentences that explain the result without deciding it."""
    notes: list[str] = []
    withheld = "\n".join(found.get("withheld", Section()).lines)
    if match := re.search(r"([0-9]{1,5}) additional security updates? can be applied with (ESM [A-Za-z]+)", withheld):
        notes.append(f"{match[1]} more security updates are only for machines with Ubuntu Pro ({match[2]})")
    plan = found.get("simulate", Section())
    if any("deferred due to phasing" in line for line in plan.lines):
        notes.append("Some ordinary updates are being rolled out in steps and are not due here yet")
    for release in used:
        if release.is_security and release.valid_until:
            notes.append(f"The list of security updates is valid until {release.valid_until:%Y-%m-%d}")
            break
    return notes
