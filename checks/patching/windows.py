"""Windows' patch level by three witnesses (windows.md 3, design section 4).

The update agent lists what is missing, the build says which monthly update runs, the record of installations says when the
last one came. What any of them proves to be missing is missing. That nothing is missing takes two that agree and none that
speaks against it. Where Windows itself refuses the agent's list to remote sessions, the other two decide: our table of
builds, or the title of an installed update that names the build that runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from scorecard.model import Fact, Host, Observations, Seen, Unseen

from . import builds, win_agent, win_history, win_reboot, win_settings, win_titles
from .builds import Level
from .calendar import midnight, next_update_day
from .payload import NO_DATE, earlier_sightings, oldest, remembered
from .shape import Patching, Update, Updates
from .win_agent import Agent, Offer
from .win_history import Record
from .win_settings import Settings
from .win_titles import Entry, Made

MANAGER = "Windows Update"
_TABLE = "table of builds"
_RECORD = "record of installations"
_NOTHING: Fact[tuple[Entry, ...]] = Seen(())
_CLOCK_SHIFT = timedelta(days=1)


def parse(observations: Observations, host: Host) -> Patching:
    agent = win_agent.parse(observations, host)
    history = _NOTHING if agent.blocked else agent.history
    clock = _wrong_clock(host)
    record = win_history.read(observations, history, agent.removed, host, clock)
    settings = Settings.read(observations, host)
    level = builds.level_of(host)
    return Patching(
        updates=_Judged(agent, record, settings, level, host, earlier_sightings(observations)).updates(),
        automatic=win_settings.automatic(settings, host, record.last if record.current else None),
        reboot=win_reboot.parse(observations, host, clock),
        own_kernel=Seen(True),
    )


def _wrong_clock(host: Host) -> str:
    """Every date that Windows keeps of searches, installations and restarts is by its own clock."""
    if isinstance(host.clock, Unseen) or abs(host.clock.value - host.as_of) <= _CLOCK_SHIFT:
        return ""
    return f"The machine's clock reads {host.clock.value:%Y-%m-%d %H:%M} UTC, which is wrong, so its dates tell nothing"


class _Judged:
    """What the witnesses say together."""

    def __init__(
        self,
        agent: Agent,
        record: Record,
        settings: Settings,
        level: Level,
        host: Host,
        first_seen: Mapping[str, datetime],
    ) -> None:
        self.agent, self.record, self.settings, self.level, self.host = agent, record, settings, level, host
        self.first_seen = first_seen

    def updates(self) -> Updates:
        missing = self._missing()
        by_table = midnight(self.level.as_of) if self.level.as_of and self.agent.blocked and self.level.current else None
        if self.agent.blocked and not by_table and self.running:
            by_table = midnight(self.running.day)
        looked, exact = self._looked()
        return Updates(
            manager=Seen(MANAGER),
            missing=missing,
            told_apart=Seen(True),
            security_source=self.settings.service_allowed(),
            data_time=looked,
            looked_later=not exact,
            blind=Seen(()),
            last_installed=self.record.last_installed(),
            last_security_installed=self._last_security(missing),
            notes=tuple(self._notes(missing)),
            doubts=tuple(self._doubts()),
            by_table=by_table,
            table="the monthly update that runs is" if by_table and not self.level.current else "our table of builds is",
        )

    def _looked(self) -> tuple[Fact[datetime], bool]:
        """When Windows last reached its source of updates, and whether that is the last time or only one of them.

        Defender fetches its definitions from Microsoft even where a company's server is the source of everything else, so
        they and the searches that find them show nothing there.
        """
        if self.record.clock:
            return Unseen(self.record.clock), True
        managed = isinstance(self.settings.policy, Unseen) or self.settings.company_server() is not None
        told = [self.agent.searched, self.settings.searched()]
        if not managed and isinstance(self.settings.found, Seen):
            told.append(self.settings.found)
        installed = self.record.last if managed else self.record.any_update
        exact = any(isinstance(fact, Seen) and fact.value is not None for fact in told)
        return win_settings.data_time(tuple(told), installed, self.host.as_of), exact

    def _missing(self) -> Fact[tuple[Update, ...]]:
        proven = self._by_build()
        if isinstance(self.agent.offers, Seen):
            found = [self._offered(offer) for offer in self.agent.offers.value]
            known = {kb for offer in self.agent.offers.value for kb in offer.kbs} & self.level.missed_kbs
            if known or any(update.security == Seen(True) for update in found):
                proven = () if known else proven
            elif not proven and self._is_withheld():
                proven = self._by_record()
            return Seen((*found, *proven))
        if proven:
            return Seen(proven)
        if self.agent.blocked and self.level.current:
            return Seen(())
        if self.agent.blocked and self.running:
            return Seen(self._after(self.running))
        if late := self._by_record():
            return Seen(late)
        return Unseen(f"{self.agent.offers.reason}. {self.level.words}")

    @property
    def running(self) -> Made | None:
        """The monthly update that runs, by its own title and the build: two witnesses that agree (windows.md 3.5)."""
        return None if self.record.clock else builds.running(self.record.entries, self.host)

    def _after(self, made: Made) -> tuple[Update, ...]:
        """What came out since the monthly update that runs."""
        since = next_update_day(made.day)
        if since > self.host.as_of.date():
            return ()
        name = f"Monthly update of Windows after {made.day:%Y-%m}"
        published = Seen(midnight(since))
        return (Update(name, "", self._installed(), Seen(True), published, NO_DATE, Seen(False), _RECORD, proven=True),)

    def _is_withheld(self) -> bool:
        """Whether what the machine is offered is somebody's choice, so that an empty list says nothing."""
        return not self.level.current and (self.settings.company_server() is not None or bool(self.settings.withheld()))

    def _offered(self, offer: Offer) -> Update:
        security = offer.security
        name = win_titles.line_of(offer.title) or offer.title
        in_table = bool(self.level.missed_kbs & set(offer.kbs)) and self.level.missed is not None
        last = win_titles.newest_of_line(offer.title, self.record.entries)
        since = win_titles.line_since(offer.title, self.record.entries)
        out = oldest([offer.published, win_titles.published_by(offer.title)])
        of_windows = win_titles.is_of_windows(offer.title)
        # An update of another product stays the same one until one of its line is installed; Windows' builds tell for it.
        installed = (
            self._installed() if of_windows else Seen(", ".join(sorted(win_titles.articles(last[0]))) if last else None)
        )
        version = installed.value if isinstance(installed, Seen) else None
        seen_first = self.first_seen.get(remembered("windows", name, version, security == Seen(True)))
        published = NO_DATE
        if in_table and self.level.missed:
            published = Seen(oldest([since, out, midnight(self.level.missed.released)]))
        elif since is not None and out is not None and not of_windows:
            # Only Windows has security updates every month: the day of the last one does not say when the next came out.
            published = Seen(oldest([out, seen_first]))
        elif since is not None:
            published = Seen(oldest([since, out]))
        else:
            # A newer one replaces it each month, so its own date only says since when at the latest.
            seen_first = oldest([seen_first, out])
        return Update(name, "", installed, security, published, Seen(seen_first), offer.hidden, _article(offer), in_table)

    def _by_build(self) -> tuple[Update, ...]:
        first, newest = self.level.missed, self.level.newest
        if first is None or newest is None:
            return ()
        name = f"Monthly update of Windows to revision {newest.revision}"
        published = Seen(midnight(first.released))
        return (
            Update(name, newest.kb, self._installed(), Seen(True), published, NO_DATE, Seen(False), _TABLE, proven=True),
        )

    def _by_record(self) -> tuple[Update, ...]:
        """Every supported Windows gets updates each month: where none came for long, they are missing."""
        reached = self.record.reached
        if reached is None or self.record.current or not self.record.is_complete:
            return ()
        since = Seen(midnight(next_update_day(reached.date())))
        name = "Monthly updates of Windows"
        return (Update(name, "", self._installed(), Seen(True), since, NO_DATE, Seen(False), _RECORD, proven=True),)

    def _installed(self) -> Fact[str | None]:
        return self.host.build

    def _last_security(self, missing: Fact[tuple[Update, ...]]) -> Fact[datetime | None]:
        if isinstance(missing, Seen) and any(update.published == NO_DATE for update in missing.value):
            return Unseen("Since when an update has been missing cannot be told: no earlier one of its line is on record")
        return self.record.last_installed()

    def _doubts(self) -> Iterator[str]:
        """What speaks against "nothing is missing", though the list is whole."""
        if isinstance(self.agent.offers, Seen):
            yield from self.agent.incomplete
        elif not (self.agent.blocked and (self.level.current or self.running)):
            yield self.agent.offers.reason
        yield from self._record_doubts()
        if not (self.level.current or (self.agent.blocked and self.running)):
            yield from self.settings.unread()
            # A pause or a deferral is judged by what came of it: what the record has is on the machine (windows.md 3.7).
            yield from () if self.record.current else self.settings.withheld()

    def _record_doubts(self) -> Iterator[str]:
        record = self.record
        if record.clock:
            yield record.clock
        elif record.in_future:
            yield f"The last installation is dated {record.last:%Y-%m-%d}, which is in the future: a clock is wrong"
        elif record.current or (self.agent.blocked and self.running):
            return
        elif record.unread:
            yield record.unread[0]
        elif record.reached is not None:
            yield f"Windows has its updates up to {record.reached:%Y-%m-%d}, not those of {record.due}"
        elif self.level.current and not self.agent.blocked:
            return
        elif record.last is not None:
            yield "Only updates of other products are on record, none of Windows itself"
        else:
            yield "No installed update is on record, so nothing confirms that none is missing"

    def _notes(self, missing: Fact[tuple[Update, ...]]) -> Iterator[str]:
        by_record = isinstance(missing, Seen) and any(update.advisory == _RECORD for update in missing.value)
        if by_record and self.record.reached and not self.running:
            yield f"By its record Windows has its updates up to {self.record.reached:%Y-%m-%d} and no later ones"
        if self.agent.blocked and isinstance(self.agent.offers, Unseen):
            yield f"{self.agent.offers.reason}, so updates of other products are not seen"
        if self.level.current or self.level.missed:
            yield self.level.words
        hidden = [offer for offer in self._offers() if offer.hidden == Seen(True)]
        if hidden:
            yield f"Somebody hid {len(hidden)} of the missing updates"
        yield from self.settings.notes()
        if self.running and not self.level.current and not self.level.missed:
            yield f"The update of {self.running.day:%Y-%m} runs, {self.running.build}.{self.running.revision} by its title"
        elif not self.level.current and not self.level.missed and isinstance(self.agent.offers, Unseen):
            yield self.level.words
        if self.agent.only_windows and not self.settings.company_server():
            yield "Windows looks for its own updates only, not for those of Office or other Microsoft products"

    def _offers(self) -> tuple[Offer, ...]:
        return self.agent.offers.value if isinstance(self.agent.offers, Seen) else ()


def _article(offer: Offer) -> str:
    return offer.kbs[0] if offer.kbs else ""
