"""Windows' patch level by three witnesses (windows.md 3, design section 4).

The update agent lists what is missing, the build says which monthly update runs, the record of installations says when the
last one came. What any of them proves to be missing is missing. That nothing is missing takes two that agree and none that
speaks against it. Where Windows itself refuses the agent's list to remote sessions, the other two decide.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from scorecard.model import Fact, Host, Observations, Seen, Unseen

from . import win_agent, win_history, win_reboot, win_settings
from .builds import Level, level_of
from .calendar import midnight, next_update_day
from .payload import NO_DATE, earlier_sightings, oldest, remembered
from .shape import Patching, Update, Updates
from .win_agent import Agent, Offer
from .win_history import Record
from .win_settings import Settings

MANAGER = "Windows Update"
_TABLE = "table of builds"
_NOTHING: Fact[tuple[tuple[str, datetime], ...]] = Seen(())


def parse(observations: Observations, host: Host) -> Patching:
    agent = win_agent.parse(observations, host)
    history = _NOTHING if agent.blocked else agent.history
    record = win_history.read(observations, history, host.as_of)
    settings = Settings.read(observations, host)
    level = level_of(host)
    return Patching(
        updates=_Judged(agent, record, settings, level, host, earlier_sightings(observations)).updates(),
        automatic=win_settings.automatic(settings, host),
        reboot=win_reboot.parse(observations, host),
        own_kernel=Seen(True),
    )


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
        told = (self.agent.searched, self.settings.searched())
        return Updates(
            manager=Seen(MANAGER),
            missing=missing,
            told_apart=Seen(True),
            security_source=self.settings.service_allowed(),
            data_time=win_settings.data_time(told, self.record.any_update, self.host.as_of),
            blind=Seen(()),
            last_installed=self.record.last_installed(),
            last_security_installed=self._last_security(missing),
            notes=tuple(self._notes()),
            doubts=tuple(self._doubts()),
            by_table=by_table,
        )

    def _missing(self) -> Fact[tuple[Update, ...]]:
        proven = self._by_build()
        if isinstance(self.agent.offers, Seen):
            found = [self._offered(offer) for offer in self.agent.offers.value]
            known = {kb for offer in self.agent.offers.value for kb in offer.kbs} & self.level.missed_kbs
            return Seen((*found, *(() if known else proven)))
        if proven:
            return Seen(proven)
        if self.agent.blocked and self.level.current:
            return Seen(())
        if late := self._by_record():
            return Seen(late)
        return Unseen(f"{self.agent.offers.reason}. {self.level.words}")

    def _offered(self, offer: Offer) -> Update:
        security = offer.security
        name = win_history.line_of(offer.title) or offer.title
        in_table = bool(self.level.missed_kbs & set(offer.kbs)) and self.level.missed is not None
        since = win_history.line_since(offer.title, self.record.entries)
        if in_table and self.level.missed:
            since = oldest([since, midnight(self.level.missed.released)])
        key = remembered("windows", name, self._build(), security == Seen(True))
        seen_first, published = self.first_seen.get(key), NO_DATE
        if since is not None:
            published = Seen(oldest([since, offer.published]))
        else:
            # A newer one replaces it each month, so its own date only says since when at the latest.
            seen_first = oldest([seen_first, offer.published])
        return Update(
            name, "", self._installed(), security, published, Seen(seen_first), offer.hidden, _article(offer), in_table
        )

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
        last = self.record.last
        if self.record.unread or last is None or self.record.current or self.record.in_future:
            return ()
        since = Seen(midnight(next_update_day(last.date())))
        name = "Monthly updates of Windows"
        return (Update(name, "", self._installed(), Seen(True), NO_DATE, since, Seen(False), _TABLE, proven=True),)

    def _build(self) -> str | None:
        return self.host.build.value if isinstance(self.host.build, Seen) else None

    def _installed(self) -> Fact[str | None]:
        return self.host.build

    def _last_security(self, missing: Fact[tuple[Update, ...]]) -> Fact[datetime | None]:
        if isinstance(missing, Seen) and any(update.published == NO_DATE for update in missing.value):
            return Unseen("Since when an update has been missing cannot be told: no earlier one of its line is on record")
        return self.record.last_installed()

    def _doubts(self) -> Iterator[str]:
        """What speaks against "nothing is missing", though the list is whole."""
        record = self.record
        if isinstance(self.agent.offers, Seen):
            yield from self.agent.incomplete
        elif not (self.agent.blocked and self.level.current):
            yield self.agent.offers.reason
        if record.in_future:
            yield f"The last installation is dated {record.last:%Y-%m-%d}, which is in the future: a clock is wrong"
        elif not record.current and record.unread:
            yield record.unread[0]
        elif not record.current and record.last is not None:
            yield f"The last update was installed on {record.last:%Y-%m-%d}, before the updates of {record.due}"
        elif not record.current and (self.agent.blocked or not self.level.current):
            yield "No installed update is on record, so nothing confirms that none is missing"
        if not self.level.current:
            yield from self.settings.hiding()

    def _notes(self) -> Iterator[str]:
        if self.agent.blocked and isinstance(self.agent.offers, Unseen):
            yield f"{self.agent.offers.reason}, so updates of other products are not seen"
        if self.level.current or self.level.missed:
            yield self.level.words
        hidden = [offer for offer in self._offers() if offer.hidden == Seen(True)]
        if hidden:
            yield f"Somebody hid {len(hidden)} of the missing updates"
        yield from self.settings.notes()
        if not self.level.current and not self.level.missed:
            yield self.level.words

    def _offers(self) -> tuple[Offer, ...]:
        return self.agent.offers.value if isinstance(self.agent.offers, Seen) else ()


def _article(offer: Offer) -> str:
    return offer.kbs[0] if offer.kbs else ""
