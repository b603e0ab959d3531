"""Rules of the updates topic (design section 8). Stale or missing lists are never "nothing missing"."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from scorecard.model import (
    Host,
    Json,
    Platform,
    Seen,
    Severity,
    Unseen,
    Verdict,
    failed,
    not_applicable,
    passed,
    unknown,
    warned,
)
from scorecard.topic import Effort, Parameter, Parameters, check

from .shape import Mode, Patching, Reboot, Update, Updates
from .words import ago, count, dated, days_since, in_future, lists, no_source, some_of


def _nothing_published(host: Host) -> Verdict | None:
    """A release that nobody publishes updates for any more misses none; that it is still in use is its own finding."""
    if host.traits.get("updates-published") != Seen(False):
        return None
    name = host.product_name.value if isinstance(host.product_name, Seen) else "this system"
    return not_applicable(f"Nothing is published for {name} any more")


@check(
    "patching.security-updates",
    title="No security update has been missing for long",
    task="Install the missing security updates",
    why="Attackers use known holes within days of the update that closes them, so every week without it counts.",
    fix=(
        "Install what is missing: apt-get update && apt-get dist-upgrade; dnf upgrade --security; zypper patch; "
        "apk upgrade; pacman -Syu; softwareupdate --install --all --restart; on Windows in Settings, Windows Update, on a "
        "server without a desktop with sconfig, or by the patch policy of your management tool.",
        "Release what is held back on purpose (apt-mark unhold, dnf versionlock delete, zypper removelock; on Windows "
        "unhide it, end a pause, approve it on the company's update server and see that this release of Windows is among "
        "the products there), or agree on an exception.",
        "Restart where the package manager, macOS or Windows asks for it.",
        "Where Windows gives its list to no remote session and our table of builds is too old to tell, load a newer one "
        "with scorecard data update.",
        "Refresh the package lists, on Windows by Check for updates, audit again and see no security update missing.",
    ),
    severity=Severity.CRITICAL,
    effort=Effort(once_min=15, each_min=20),
    parameters=(
        Parameter("pass_days", 14, "days", "a security update may be missing for so long"),
        Parameter("warn_days", 30, "days", "beyond this it fails"),
        Parameter("stale_days", 14, "days", "package lists older than this tell nothing"),
    ),
    stable=("missing",),
)
def security_updates(facts: Patching, host: Host, parameters: Parameters) -> Verdict:
    """Judge the oldest missing security update; where updates are not told apart, every one counts."""
    if ended := _nothing_published(host):
        return ended
    updates = facts.updates
    missing = updates.missing.seen()
    limits = (parameters.number("pass_days"), parameters.number("warn_days"))
    expected = f"no security update missing for more than {limits[0]:g} days"
    if verdict := _proven(missing, updates, host, limits, expected):
        return verdict
    if obstacle := _obstacle(updates, host, parameters.number("stale_days"), missing):
        return unknown(obstacle)
    told_apart = updates.told_apart.seen()
    counting = [update for update in missing if not told_apart or update.security == Seen(True)]
    unclear = [update for update in missing if told_apart and isinstance(update.security, Unseen)]
    kind = "security update" if told_apart else "update"
    evidence: dict[str, Json] = {
        "missing": [*sorted(update.name for update in counting)[:50]],
        "advisories": [*sorted({update.advisory for update in counting if update.advisory})[:50]],
        "held": [*sorted(update.name for update in missing if update.held == Seen(True))[:20]],
        "other_updates": len(missing) - len(counting),
        "lists_from": updates.lists_time().isoformat(),
        "notes": [*updates.notes],
    }
    if counting:
        verdict = _by_age(counting, updates, host, limits, kind, expected, evidence)
        if verdict is not None:
            return verdict
    if reasons := (*updates.blind.seen(), *updates.doubts):
        return unknown(f"The list of missing updates may lack some: {'; '.join(reasons[:3])}", **evidence)
    late = [update for update in unclear if (age := _age(update, updates, host, limits[1])) is None or age > limits[0]]
    if late:
        names = some_of(update.name for update in late)
        reason = f"{count(len(late), 'missing update')} from sources that do not say whether it is for security: {names}"
        return unknown(reason, **evidence)
    if counting:
        ages = [age for update in counting if (age := _age(update, updates, host, limits[1])) is not None]
        measured = (
            f"{count(len(counting), kind)} missing for at most {count(max(ages), 'day')}: {some_of(_titles(counting))}"
        )
        return passed(_with_notes(measured, updates), expected, **evidence)
    others = f", {count(len(missing), 'other update')} waiting" if missing else ""
    measured = f"No {kind} is missing{others}; {lists(updates, host)}"
    return passed(_with_notes(measured, updates), expected, **evidence)


def _proven(
    missing: Sequence[Update], updates: Updates, host: Host, limits: tuple[float, float], expected: str
) -> Verdict | None:
    """What is missing by our own table fails whatever the machine's lists are worth; None where nothing is sure."""
    proven = [update for update in missing if update.proven and _sure_age(update, host) > limits[1]]
    if not proven:
        return None
    evidence: dict[str, Json] = {
        "missing": [*sorted(update.name for update in proven)],
        "advisories": [*sorted({update.advisory for update in proven if update.advisory})],
        "notes": [*updates.notes],
    }
    return _by_age(proven, updates, host, limits, "security update", expected, evidence)


def _obstacle(updates: Updates, host: Host, stale_days: float, missing: Sequence[Update]) -> str | None:
    """Why what is known of missing updates decides nothing."""
    was = "was" if len(missing) == 1 else "were"
    at_least = f"; at least {count(len(missing), 'update')} {was} missing then" if missing else ""
    if not updates.security_source.seen():
        return f"{no_source(host)}{at_least}"
    if updates.by_table:
        return None
    data_time = updates.data_time.seen()
    if in_future(data_time, host):
        return f"{dated(host)} {data_time:%Y-%m-%d}, which is in the future: a clock is wrong"
    if days_since(data_time, host) > stale_days:
        if updates.looked_later:
            return (
                f"When the machine last looked for updates is not told; it did {ago(days_since(data_time, host))}{at_least}"
            )
        if host.platform is Platform.WINDOWS:
            return f"{lists(updates, host)}, so newer updates cannot show{at_least}"
        return f"The package lists are {days_since(data_time, host)} days old, so newer updates cannot show{at_least}"
    return None


def _age(update: Update, updates: Updates, host: Host, warn_days: float) -> int | None:
    """Days since publication; without a date since the earlier of first sighting and last security installation.

    What is held back is not dated by installations that left it out. None: nothing tells how long it has been missing.
    A date of publication that lies ahead tells nothing, so it counts as none.
    An installation date that was not read could only add to the age, so a sighting that is too old decides without it.
    """
    published = update.published.seen()
    if published and not in_future(published, host):
        return days_since(published, host)
    first_seen = update.first_seen.seen()
    moments = [first_seen]
    decided = first_seen is not None and days_since(first_seen, host) > warn_days
    if not (update.held.seen() or decided):
        moments.append(updates.last_security_installed.seen())
    known = [moment for moment in moments if moment is not None and not in_future(moment, host)]
    return days_since(min(known), host) if known else None


def _sure_age(update: Update, host: Host) -> int:
    """Days that an update has been missing at least, as `_age` counts them, without asking for what may not be known."""
    for fact in (update.published, update.first_seen):
        if isinstance(fact, Seen) and fact.value is not None and not in_future(fact.value, host):
            return days_since(fact.value, host)
    return 0


def _titles(updates: Iterable[Update]) -> list[str]:
    return [f"{update.name}{' (held back)' if update.held == Seen(True) else ''}" for update in updates]


def _by_age(
    counting: list[Update],
    updates: Updates,
    host: Host,
    limits: tuple[float, float],
    kind: str,
    expected: str,
    evidence: dict[str, Json],
) -> Verdict | None:
    """Warn or fail; None when every age is within the limit."""
    # One that is surely too old decides, even where the age of another cannot be told.
    sure = [update for update in counting if _sure_age(update, host) > limits[1]]
    aged = sorted(
        ((_age(update, updates, host, limits[1]), update) for update in sure or counting), key=lambda pair: _rank(pair[0])
    )
    age, first = aged[0]
    others = [update for update in counting if sure and update not in sure]
    names = some_of(_titles([*(update for _, update in aged), *others]))
    if age is None:
        measured = f"{count(len(counting), kind)} missing, since when is not known: {names}"
        return failed(_with_notes(measured, updates), expected, **evidence)
    what = f" ({first.advisory})" if first.advisory and first.advisory != first.name else ""
    rest = f": {names}" if names != first.name else ""
    measured = f"{count(len(counting), kind)} missing, {first.name}{what} for {count(age, 'day')}{rest}"
    if age > limits[1]:
        return failed(_with_notes(measured, updates), expected, **evidence)
    if age > limits[0]:
        return warned(_with_notes(measured, updates), expected, **evidence)
    return None


def _rank(age: int | None) -> tuple[int, int]:
    """What has no age first, then the oldest."""
    return (0, 0) if age is None else (1, -age)


def _with_notes(measured: str, updates: Updates) -> str:
    return ". ".join((measured, *updates.notes[:2]))


@check(
    "patching.last-installed",
    title="Updates were installed lately",
    task="Get updates installing again",
    why="A machine that has installed nothing for two months has been forgotten, whatever its lists say.",
    fix=(
        "Look why nothing was installed: no automatic updates, a full disk, a broken package, a source that is gone; on "
        "Windows also a disabled update service, a pause, or an update server of the company that approves nothing.",
        "Install the waiting updates and restart if asked.",
        "Audit again and see today as the date of the last installation.",
    ),
    severity=Severity.MEDIUM,
    effort=Effort(once_min=0, each_min=15),
    parameters=(
        Parameter("pass_days", 35, "days", "the last installation may be so long ago"),
        Parameter("warn_days", 60, "days", "beyond this it fails"),
    ),
)
def last_installed(facts: Patching, host: Host, parameters: Parameters) -> Verdict:
    if ended := _nothing_published(host):
        return ended
    last = facts.updates.last_installed.seen()
    expected = f"an update installed within {parameters.number('pass_days'):g} days"
    if last is None:
        return failed("No installed update is on record", expected)
    if in_future(last, host):
        return unknown(f"The last installation is dated {last:%Y-%m-%d}, which is in the future: a clock is wrong")
    days = days_since(last, host)
    measured = f"Last update installed {ago(days)} ({last:%Y-%m-%d})"
    return _graded(days, measured, expected, parameters, last_installed_at=last.isoformat())


def _graded(days: int, measured: str, expected: str, parameters: Parameters, **evidence: Json) -> Verdict:
    if days <= parameters.number("pass_days"):
        return passed(measured, expected, **evidence)
    return (warned if days <= parameters.number("warn_days") else failed)(measured, expected, **evidence)


@check(
    "patching.sources-fresh",
    title="The machine has looked for updates lately",
    task="Get the search for updates working",
    why="A machine that does not look for updates reports that none is missing.",
    fix=(
        "Refresh the lists and read what fails: apt-get update; dnf makecache; zypper refresh; apk update; "
        "pacman -Sy; softwareupdate --list; on Windows Settings, Windows Update, Check for updates.",
        "Repair or remove sources that do not answer, and let the lists be refreshed every day. On Windows the service "
        "Windows Update must not be disabled, and an update server that a policy names (WUServer) must still be there.",
        "Audit again and see that the machine looked today.",
    ),
    severity=Severity.MEDIUM,
    effort=Effort(once_min=0, each_min=10),
    parameters=(
        Parameter("pass_days", 7, "days", "package lists may be so old"),
        Parameter("warn_days", 14, "days", "beyond this it fails, and missing updates are not known"),
    ),
)
def sources_fresh(facts: Patching, host: Host, parameters: Parameters) -> Verdict:
    if ended := _nothing_published(host):
        return ended
    moment = facts.updates.data_time.seen()
    limit = f"{parameters.number('pass_days'):g} days"
    windows = host.platform is Platform.WINDOWS
    expected = f"a search for updates within {limit}" if windows else f"package lists at most {limit} old"
    if in_future(moment, host):
        return unknown(f"{dated(host)} {moment:%Y-%m-%d}, which is in the future: a clock is wrong")
    days = days_since(moment, host)
    manager = facts.updates.manager.seen()
    looked = f"{manager} last looked {ago(days)}" if windows else f"{manager}'s lists are from {ago(days)}"
    measured = f"{looked} ({moment:%Y-%m-%d})"
    if not facts.updates.security_source.seen():
        return failed(f"{no_source(host)}; {measured}", expected, lists_from=moment.isoformat())
    verdict = _graded(days, measured, expected, parameters, lists_from=moment.isoformat())
    if facts.updates.looked_later and verdict.status != "pass":
        return unknown(f"When the machine last looked for updates is not told; it did on {moment:%Y-%m-%d}, {ago(days)}")
    unread = facts.updates.blind.seen()
    return unknown(f"{'; '.join(unread[:3])}. {measured}") if unread and verdict.status == "pass" else verdict


@check(
    "patching.automatic-updates",
    title="Security updates install by themselves",
    task="Switch automatic updates on",
    why="Updates that wait for somebody wait for weeks; those that install by themselves do not.",
    fix=(
        "Debian and Ubuntu: install unattended-upgrades and switch it on with dpkg-reconfigure unattended-upgrades.",
        "Fedora and Red Hat: install dnf-automatic, set apply_updates = yes, and enable its timer.",
        "SUSE: set up automatic online update in YaST. macOS: switch on all automatic updates, best by device management.",
        "Windows: let the service Windows Update start when it is needed, and set the policy to download and schedule the "
        "installation (AUOptions 4), or let device management do so. Where your own tool installs updates and Windows is "
        "told not to, agree on an exception that names the tool.",
        "Audit again and see automatic updates on.",
    ),
    severity=Severity.LOW,
    effort=Effort(once_min=20, each_min=5),
    stable=("mode",),
)
def automatic_updates(facts: Patching, host: Host, _parameters: Parameters) -> Verdict:
    if ended := _nothing_published(host):
        return ended
    automatic = facts.automatic.seen()
    expected = "security updates install by themselves, or a management system installs them"
    match automatic.mode:
        case Mode.ON | Mode.MANAGED:
            return passed(f"On: {automatic.detail}", expected, mode=automatic.mode)
        case Mode.NOTIFY:
            return warned(f"Not installed by themselves: {automatic.detail}", expected, mode=automatic.mode)
        case _:
            return failed(f"Off: {automatic.detail}", expected, mode=automatic.mode)


@check(
    "patching.reboot-pending",
    title="No restart has been waiting for long",
    task="Restart the machine",
    why="An update to the core of the system protects only after the restart.",
    fix=(
        "Agree on a time and restart the machine; on Windows by Update and restart, since a plain restart may leave it "
        "waiting.",
        "If it comes back with the old kernel, look at the boot loader and at leftover kernels; if Windows asks again, "
        "look in the update history for an installation that fails.",
        "Audit again and see no restart waiting.",
    ),
    severity=Severity.MEDIUM,
    effort=Effort(once_min=10, each_min=10),
    parameters=(
        Parameter("pass_days", 7, "days", "a restart may wait for so long"),
        Parameter("warn_days", 14, "days", "beyond this it fails"),
    ),
    stable=("pending",),
)
def reboot_pending(facts: Patching, host: Host, parameters: Parameters) -> Verdict:
    """A restart that waits since an unknown day waits at most since the last start."""
    if not facts.own_kernel.seen():
        return not_applicable("A container runs on its host's kernel and is restarted with it")
    reboot = facts.reboot.seen()
    expected = f"no restart waiting for more than {parameters.number('pass_days'):g} days"
    if not reboot.pending:
        return passed(f"No restart is waiting: {some_of(reboot.signs)}", expected, pending=False)
    if isinstance(reboot.since, Unseen):
        return _since_start(reboot, host, expected, parameters)
    since = reboot.since.seen()
    if since is None or in_future(since, host):
        return unknown(f"A restart is waiting, since when is not known: {some_of(reboot.signs)}", pending=True)
    days = days_since(since, host)
    measured = f"A restart is waiting for {count(days, 'day')}: {some_of(reboot.signs)}"
    evidence: dict[str, Json] = {"pending": True, "since": since.isoformat(), "live_patched": reboot.live_patched}
    if reboot.live_patched and days > parameters.number("pass_days"):
        return warned(f"{measured}; the running kernel is patched live", expected, **evidence)
    return _graded(days, measured, expected, parameters, **evidence)


def _since_start(reboot: Reboot, host: Host, expected: str, parameters: Parameters) -> Verdict:
    days = host.uptime_s.seen() // 86_400
    measured = f"A restart is waiting: {some_of(reboot.signs)}; the last one was {ago(days)}"
    if days <= parameters.number("pass_days"):
        return passed(measured, expected, pending=True)
    return unknown(f"{measured}, since when it waits is not known", pending=True)
