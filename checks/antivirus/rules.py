"""Antivirus: the five questions. Thresholds and statuses as in the design's table (section 8).

ClamAV with its daemon but without on-access scanning fails `protected`: the table asks for an engine that is installed,
running and real-time, and such a daemon looks at nothing by itself (linux.md 2.1). Its definitions are judged all the
same: two questions are two checks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from scorecard.model import (
    Host,
    Json,
    Seen,
    Severity,
    Status,
    Unseen,
    Verdict,
    failed,
    not_applicable,
    passed,
    unknown,
    warned,
)
from scorecard.topic import Effort, Parameter, Parameters, check

from .judging import at_work, is_active, named, nothing_at_work, others, silent, standing, title
from .shape import Antivirus, Engine, Told

_CLOCK_ALLOWANCE = timedelta(days=1)
_WORST_FIRST = (Status.FAIL, Status.UNKNOWN, Status.WARN, Status.PASS)


@check(
    "antivirus.protected",
    title="An antivirus protects the machine in real time",
    task="Get one working antivirus running",
    why="Malware that nothing stops can lock or steal every file that this machine reaches.",
    fix=(
        "Install the antivirus that the company has chosen, and take away leftovers of earlier ones.",
        "Linux with ClamAV: start clamav-daemon, set OnAccessIncludePath in clamd.conf and start clamonacc; "
        "the daemon alone looks at nothing by itself.",
        "Windows with Defender: turn real-time protection on in Windows Security, and take away the policy or leftover "
        "that keeps it off or passive, and exclusions of the system drive or of all programs. A server may lack the "
        "feature Windows-Defender: add it, and restart.",
        "Windows with another product: see that its service and its driver run, and renew what has expired or remove it "
        "with its maker's removal tool; Defender then starts by itself, except on a server where its feature is missing.",
        "Microsoft Defender elsewhere: read mdatp health; onboard it, turn real-time protection on and passive mode off.",
        "Mac: allow the product's system extension and Full Disk Access (by management profile where there is one); "
        "turn Gatekeeper and System Integrity Protection on.",
        "A sensor in reduced mode or without an id: update it to a release for this kernel and connect it to its console.",
        "Audit again and see the engine named here as protecting.",
    ),
    severity=Severity.CRITICAL,
    effort=Effort(once_min=60, each_min=20),
    stable=("engines", "faults"),
)
def protected(facts: Antivirus, _host: Host, _parameters: Parameters) -> Verdict:
    """One engine that protects is enough; an engine that may protect, but was not seen to, keeps the answer open."""
    engines = facts.engines.seen()
    judged = [(engine, standing(engine)) for engine in engines]
    expected = "an antivirus that is installed, runs and looks at files as they are used"
    evidence: dict[str, Json] = {
        "engines": [engine.product for engine in engines],
        "faults": [f"{engine.product}: {fault}" for engine, found in judged for fault in found.faults],
        "beside": [other.product for other in others(facts)],
    }
    protecting = [engine for engine, found in judged if found.protects]
    if protecting:
        words = f"{named(map(title, protecting), between='; ')}: real-time protection is on"
        idle = [f"{engine.name} {', '.join(found.faults)}" for engine, found in judged if found.faults]
        return passed(f"{words} (beside it: {named(idle, between='; ')})" if idle else words, expected, **evidence)
    open_ = [gap for _, found in judged if not found.faults for gap in found.gaps]
    if open_:
        return unknown(named(dict.fromkeys(open_), 3, "; "), **evidence)
    if not engines:
        return failed(nothing_at_work(facts), expected, **evidence)
    words = named((f"{title(engine)} {', '.join(found.faults)}" for engine, found in judged), between="; ")
    return failed(words, expected, **evidence)


@dataclass(frozen=True, slots=True)
class _Age:
    """One engine's definitions, judged."""

    status: Status
    words: str


@check(
    "antivirus.definitions",
    title="Virus definitions are up to date",
    task="Update the virus definitions",
    why="An antivirus knows only the malware it was told about; new kinds appear every day.",
    fix=(
        "Look why updates do not come: no way to the publisher, a full disk, an ended licence, a stopped update service.",
        "ClamAV: start clamav-freshclam (or its timer) and read the end of freshclam.log.",
        "Microsoft Defender: run Update-MpSignature on Windows, mdatp definitions update elsewhere. Where WSUS serves the "
        "updates, approve definition updates by rule, or let Defender turn to Microsoft (policy: order of sources).",
        "Where the clock of the machine is wrong: set it, and let it follow a time server.",
        "Mac: turn on the installation of security responses and system files (ConfigDataInstall).",
        "Audit again and see the date of the definitions.",
    ),
    severity=Severity.HIGH,
    effort=Effort(once_min=30, each_min=10),
    parameters=(
        Parameter("pass_days", 3, "days", "definitions at most this old pass"),
        Parameter("warn_days", 7, "days", "definitions at most this old warn, older ones fail"),
        Parameter("built_in_pass_days", 30, "days", "the same for XProtect, which Apple renews less often"),
        Parameter("built_in_warn_days", 60, "days", "the same for XProtect: at most this old warns"),
    ),
    stable=("engines",),
)
def definitions(facts: Antivirus, host: Host, parameters: Parameters) -> Verdict:
    """The worst of the engines at work that publish a date; with none at work, an installed one with a date."""
    engines = facts.engines.seen()
    working = at_work(facts) or tuple(engine for engine in engines if _has_definitions(engine))
    evidence: dict[str, Json] = {"engines": [engine.product for engine in working]}
    expected = f"definitions at most {parameters.number('pass_days'):g} days old"
    publishing = [engine for engine in working if not silent((engine,), "definitions_at")]
    if not publishing:
        if not at_work(facts):
            return failed(nothing_at_work(facts), expected, **evidence)
        return _by_nature(working, "publishes no date of definitions: it works by cloud and model", evidence)
    ages = [_definitions_of(engine, host.as_of, parameters) for engine in publishing]
    worst = min((age.status for age in ages), key=_WORST_FIRST.index)
    words = named((age.words for age in ages if age.status is worst), between="; ")
    evidence["dates"] = [_date_word(engine) for engine in publishing]
    if any(engine.built_in for engine in publishing):
        expected += f" (XProtect: {parameters.number('built_in_pass_days'):g}, with its updates on)"
    if worst is Status.UNKNOWN:
        return unknown(words, **evidence)
    return Verdict(worst, words, expected, evidence)


def _has_definitions(engine: Engine) -> bool:
    return engine.installed == Seen(True) and isinstance(engine.definitions_at, Seen)


def _definitions_of(engine: Engine, as_of: datetime, parameters: Parameters) -> _Age:
    if engine.definitions_stopped == Seen(True):
        return _Age(Status.FAIL, f"{engine.name}: new definitions are switched off (ConfigDataInstall)")
    at = engine.definitions_at
    own = engine.definitions_current.value if isinstance(engine.definitions_current, Seen) else None
    if isinstance(at, Unseen):
        if own is None:
            return _Age(Status.UNKNOWN, at.reason)
        words = "up to date" if own else "out of date"
        return _Age(Status.PASS if own else Status.FAIL, f"{engine.name} calls its definitions {words} and tells no date")
    if not isinstance(at.value, datetime):
        return _Age(Status.FAIL, f"{engine.name} never got any definitions")
    age = _aged(engine, at.value, as_of, parameters)
    if age.status in (Status.PASS, Status.WARN):
        if own is False:
            return _Age(Status.UNKNOWN, f"{age.words}, but it calls them out of date or missing itself")
        for doubt in (engine.installed, engine.definitions_stopped):
            if isinstance(doubt, Unseen):
                return _Age(Status.UNKNOWN, doubt.reason)
    return age


def _aged(engine: Engine, at: datetime, as_of: datetime, parameters: Parameters) -> _Age:
    prefix = "built_in_" if engine.built_in else ""
    age = as_of - at
    version = engine.definitions_version.value if isinstance(engine.definitions_version, Seen) else None
    what = f"{engine.name}: definitions {f'{version} ' if version else ''}of {at:%Y-%m-%d}"
    if age < -_CLOCK_ALLOWANCE:
        return _Age(Status.UNKNOWN, f"{what}, which lies in the future")
    return _Age(_graded(age, parameters, prefix), f"{what}, {_days(age)} old")


def _graded(age: timedelta, parameters: Parameters, prefix: str = "") -> Status:
    if age <= timedelta(days=parameters.number(f"{prefix}pass_days")):
        return Status.PASS
    return Status.WARN if age <= timedelta(days=parameters.number(f"{prefix}warn_days")) else Status.FAIL


def _days(age: timedelta) -> str:
    if age < timedelta(days=1):
        return "less than a day"
    return "1 day" if age.days == 1 else f"{age.days} days"


def _date_word(engine: Engine) -> str | None:
    at = engine.definitions_at
    if isinstance(at, Unseen):
        return None
    return at.value.isoformat() if isinstance(at.value, datetime) else at.value.value


def _by_nature(engines: tuple[Engine, ...], what: str, evidence: dict[str, Json]) -> Verdict:
    """Not applicable needs a product that was positively seen to run, never one that only may."""
    if not any(engine.running == Seen(True) for engine in engines):
        gaps = [engine.running.reason for engine in engines if isinstance(engine.running, Unseen)]
        return unknown(named(gaps, 3, "; "), **evidence)
    return not_applicable(f"{named(engine.name for engine in engines)} {what}", **evidence)


@check(
    "antivirus.single-engine",
    title="Exactly one antivirus is active",
    task="Leave exactly one antivirus active",
    why="Two engines that look at the same files slow the machine down and can block each other.",
    fix=(
        "Choose the engine that stays and remove the other with its own uninstaller. On a Windows server Defender does not "
        "step aside by itself: remove its feature, or set it to passive mode where it is onboarded.",
        "Or set one of them to passive mode where the product has such a mode.",
        "Audit again and see one active engine named.",
    ),
    severity=Severity.LOW,
    effort=Effort(once_min=15, each_min=20),
    stable=("active",),
)
def single_engine(facts: Antivirus, _host: Host, _parameters: Parameters) -> Verdict:
    """What is built into the system is no second engine; it counts where nothing else is active."""
    engines = facts.engines.seen()
    added = [engine for engine in engines if not engine.built_in]
    sure = [engine for engine in added if is_active(engine)]
    perhaps = [engine for engine in added if is_active(engine) is None]
    built_in = [engine for engine in engines if engine.built_in and is_active(engine)]
    base = 1 if built_in else 0
    fewest, most = max(base, len(sure)), max(base, len(sure) + len(perhaps))
    if any(engine.built_in and is_active(engine) is None for engine in engines):
        most = max(most, 1)
    evidence: dict[str, Json] = {"active": [engine.product for engine in sure or built_in]}
    expected = "one active engine"
    if fewest >= 2:
        return failed(
            f"{len(sure)} engines are active at the same time: {named(e.name for e in sure)}", expected, **evidence
        )
    if most == 0:
        return failed(_none_active(facts), expected, **evidence)
    if fewest == most:
        return passed(_alone(sure, perhaps, built_in), expected, **evidence)
    return unknown(f"Whether {named(e.name for e in perhaps or engines)} is active is not known", **evidence)


def _alone(sure: list[Engine], perhaps: list[Engine], built_in: list[Engine]) -> str:
    if sure or not perhaps:
        return f"{named(engine.name for engine in sure or built_in)} alone"
    return f"{built_in[0].name}, with at most {perhaps[0].name} beside it"


def _none_active(facts: Antivirus) -> str:
    engines = facts.engines.seen()
    return f"None is active of {named(engine.name for engine in engines)}" if engines else nothing_at_work(facts)


@check(
    "antivirus.tamper-protection",
    title="The antivirus cannot be switched off by malware",
    task="Switch tamper protection on",
    why="The first thing an attacker does is to turn the antivirus off; tamper protection refuses that.",
    fix=(
        "Turn tamper protection on in the console of the product, for all machines.",
        "Defender on Windows without a console: Windows Security, Virus & threat protection settings, Tamper Protection; "
        "Group Policy cannot turn it on.",
        "Microsoft Defender on a Mac: set tamper protection to block, not audit.",
        "Mac without another product: turn System Integrity Protection fully on from the recovery system (csrutil enable).",
        "Audit again and see tamper protection named as on.",
    ),
    severity=Severity.MEDIUM,
    effort=Effort(once_min=20, each_min=5),
    stable=("engines",),
)
def tamper_protection(facts: Antivirus, _host: Host, _parameters: Parameters) -> Verdict:
    """Every engine at work that publishes such a state must have it on."""
    working = at_work(facts)
    evidence: dict[str, Json] = {"engines": [engine.product for engine in working]}
    expected = "tamper protection is on"
    if not working:
        return failed(nothing_at_work(facts), expected, **evidence)
    publishing = [engine for engine in working if not silent((engine,), "tamper")]
    if not publishing:
        return _by_nature(working, "publishes no state of tamper protection", evidence)
    off = [engine.name for engine in publishing if engine.tamper == Seen(False)]
    if off:
        return failed(f"Tamper protection is off: {named(off)}", expected, **evidence)
    gaps = [engine.tamper.reason for engine in publishing if isinstance(engine.tamper, Unseen)]
    if gaps:
        return unknown(named(gaps, 3, "; "), **evidence)
    return passed(f"Tamper protection is on: {named(engine.name for engine in publishing)}", expected, **evidence)


@check(
    "antivirus.recent-scan",
    title="The disk was scanned recently",
    task="Scan the disk",
    why="A scan finds what came in before the antivirus knew about it.",
    fix=(
        "Plan a scan in the console of the product: a quick one each week, a full one each month.",
        "See that the machine is on when it is planned, or let it catch up.",
        "Run one scan now, audit again and see its date.",
    ),
    severity=Severity.LOW,
    effort=Effort(once_min=20, each_min=5),
    parameters=(
        Parameter("pass_days", 14, "days", "a scan at most this long ago passes"),
        Parameter("warn_days", 35, "days", "a scan at most this long ago warns, an older one fails"),
    ),
    stable=("engines",),
)
def recent_scan(facts: Antivirus, host: Host, parameters: Parameters) -> Verdict:
    """The newest scan of any engine at work counts."""
    working = at_work(facts)
    evidence: dict[str, Json] = {"engines": [engine.product for engine in working]}
    expected = f"a scan at most {parameters.number('pass_days'):g} days ago"
    if not working:
        return failed(nothing_at_work(facts), expected, **evidence)
    publishing = [engine for engine in working if not silent((engine,), "last_scan")]
    if not publishing:
        return _by_nature(working, "publishes no date of its scans", evidence)
    scans = [(scan.value, engine.name) for engine in publishing if isinstance(scan := engine.last_scan, Seen)]
    dated = [(at, name) for at, name in scans if isinstance(at, datetime) and at - host.as_of <= _CLOCK_ALLOWANCE]
    gaps = [engine.last_scan.reason for engine in publishing if isinstance(engine.last_scan, Unseen)]
    gaps += [
        f"{name}: its last scan lies in the future"
        for at, name in scans
        if isinstance(at, datetime) and (at, name) not in dated
    ]
    at, name = max(dated, default=(None, ""))
    status = Status.FAIL if at is None else _graded(host.as_of - at, parameters)
    if status is not Status.PASS and gaps:
        return unknown(named(gaps, 3, "; "), **evidence)
    if at is None:
        return failed(f"Never scanned: {named(name for at, name in scans if at is Told.NEVER)}", expected, **evidence)
    evidence["scanned_at"] = at.isoformat()
    words = f"{name}: last scan on {at:%Y-%m-%d}, {_days(host.as_of - at)} ago"
    return warned(words, expected, **evidence) if status is Status.WARN else Verdict(status, words, expected, evidence)
