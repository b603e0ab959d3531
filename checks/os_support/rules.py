"""Is the release supported on the day of the audit, and for how long (design section 8)?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from scorecard.errors import FactUnavailable
from scorecard.model import (
    Fact,
    Host,
    Json,
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

from .shape import OsSupport
from .standing import Standing, State, is_rolling, stand
from .table import Basis

UPDATES_PUBLISHED = "updates-published"


@check(
    "os-support.supported",
    title="The operating system is supported by its maker",
    task="Upgrade or replace the operating system",
    why="Nobody repairs security holes in a system whose support has ended, so every new one stays open for good.",
    fix=(
        "Find out what on the machine depends on this release and whether it runs on a supported one.",
        "Make a backup and test that it can be restored.",
        "Upgrade to a supported release in place, or move the work to a newly installed machine. What no newer macOS or no "
        "Windows 11 accepts, replace.",
        "Where neither can be done soon, buy the maker's extended support and attach the machine to it.",
        "Audit again and see the new release with a date of support that lies ahead.",
    ),
    severity=Severity.CRITICAL,
    effort=Effort(once_min=60, each_min=120),
    stable=("product", "release"),
)
def supported(facts: OsSupport, host: Host, _parameters: Parameters) -> Verdict:
    """The last day of support counts as supported. A paid extension counts where the machine proves it (linux.md 4)."""
    standing = stand(facts, host)
    evidence = _evidence(facts, standing)
    if standing.state is State.UNKNOWN:
        return unknown(standing.words, **evidence)
    expected = "a release that its maker still supports"
    if standing.state is State.ENDED:
        return failed(standing.words, expected, **evidence)
    return passed(standing.words, expected, **evidence)


@check(
    "os-support.upgrade-due",
    title="No upgrade of the operating system is due soon",
    task="Plan the upgrade of the operating system",
    why="An upgrade planned half a year ahead is cheap; one made in a hurry after support has ended is not.",
    fix=(
        "Agree with the client on the release to upgrade to and on a date before support ends.",
        "Try the upgrade on one machine of each kind.",
        "Upgrade the others.",
        "Audit again and see more than half a year of support ahead.",
    ),
    severity=Severity.LOW,
    effort=Effort(once_min=60, each_min=60),
    parameters=(Parameter("pass_days", 180, "days", "support must last longer than this"),),
    stable=("product", "release"),
)
def upgrade_due(facts: OsSupport, host: Host, parameters: Parameters) -> Verdict:
    """A month-long or disputed end counts from its first possible day; a rolling release has no end to prepare for."""
    standing = stand(facts, host)
    evidence = _evidence(facts, standing)
    pass_days = parameters.number("pass_days")
    expected = f"more than {pass_days:g} days of support left"
    if standing.state is State.UNKNOWN:
        return unknown(standing.words, **evidence)
    if standing.state is State.ENDED or standing.end is None:
        return failed(standing.words, expected, **evidence)
    if is_rolling(facts):
        return not_applicable("A rolling release has no version that ends", **evidence)
    if standing.end.basis is Basis.OPEN or standing.end.sure_until is None:
        return passed(standing.words, expected, **evidence)
    left = standing.end.sure_until - host.as_of.date()
    if left > timedelta(days=pass_days):
        return passed(f"{standing.words}; {left.days} days left", expected, **evidence)
    if standing.undecided:
        return unknown(f"{standing.words}; {left.days} days left, {standing.undecided}", **evidence)
    return warned(f"{standing.words}; {left.days} days left", expected, **evidence)


def traits(facts: OsSupport, host: Host) -> Mapping[str, Fact[bool]]:
    """Whether updates are still published for this release: where they are not, no update can be missing."""
    try:
        standing = stand(facts, host)
    except FactUnavailable as error:
        return {UPDATES_PUBLISHED: Unseen(error.reason)}
    if standing.state is State.UNKNOWN:
        return {UPDATES_PUBLISHED: Unseen(standing.words)}
    return {UPDATES_PUBLISHED: Seen(standing.state is State.SUPPORTED)}


def _evidence(facts: OsSupport, standing: Standing) -> dict[str, Json]:
    identity, row = facts.identity.seen(), facts.row.seen()
    return {
        "product": identity.product,
        "version": identity.version,
        "release": row.version if row else identity.version,
        "ends": standing.end.text if standing.end else None,
        "kind": standing.kind if standing.state is State.SUPPORTED else None,
        "source": row.source if row else None,
        "as_of": (row.as_of if row else facts.table_as_of).isoformat(),
    }
