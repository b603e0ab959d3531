"""Windows Security Center's list of antivirus products (windows.md 2.2). Clients only.

A product reports its own state there, and may stay listed after it was removed; so the file that it names must exist.
The state is a number of three bytes whose second one is compared whole: "expired" has the bit of "on" set as well.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from scorecard.model import Fact, Host, Observations, Seen, Unseen
from scorecard.windows_answers import Instance, instances

# The service that keeps the list starts late; an empty one means nothing before this.
_SETTLED_S = 600
_MOST = 50
# No product of another maker reports through a program of Windows itself; tools that only pretend to be one do.
_WINDOWS_OWN = re.compile(r"\"?(?:[a-z]:[\\/]windows|%windir%|%systemroot%)[\\/]")
_VENDOR_FOLDER = re.compile(r"(?:program files(?: \(x86\))?|%programfiles(?:\(x86\))?%|%programw6432%)[\\/]([^\\/]+)[\\/]")


class Power(IntEnum):
    OFF = 0x0000
    ON = 0x1000
    SNOOZED = 0x2000
    EXPIRED = 0x3000


@dataclass(frozen=True, slots=True)
class Row:
    """One registration."""

    name: str
    power: Fact[Power]
    current: bool | None  # definitions; None where the number says neither
    is_microsoft: bool
    exists: Fact[bool]  # the program that reports the state
    folder: str  # of the maker under Program Files, in lower case; "" where not told


@dataclass(frozen=True, slots=True)
class Registered:
    """All rows of one product taken together: after upgrades there are several, one on, another with the date."""

    name: str
    power: Fact[Power]
    current: bool | None
    exists: Fact[bool]

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Registered:
        kept = [row for row in rows if row.exists != Seen(False)] or list(rows)
        powers = [row.power for row in kept]
        current = [row.current for row in kept]
        return cls(
            kept[0].name,
            next((power for wanted in _BEST_FIRST for power in powers if _is(power, wanted)), powers[0]),
            True if True in current else None if None in current else False,
            next((row.exists for row in kept if row.exists == Seen(True)), kept[0].exists),
        )


# One that is on decides. An unread row may be on, so it stands before those that are not.
_BEST_FIRST = (Power.ON, None, Power.EXPIRED, Power.SNOOZED, Power.OFF)


def _is(power: Fact[Power], wanted: Power | None) -> bool:
    return isinstance(power, Unseen) if wanted is None else power == Seen(wanted)


def read_center(observations: Observations, host: Host) -> Fact[tuple[Row, ...]]:
    listed = instances(observations, "antivirus.center")
    if isinstance(listed, Unseen):
        return listed
    if listed.value.capped or len(listed.value.instances) > _MOST:
        return Unseen("it lists more products than it could name")
    rows = []
    for instance in listed.value:
        name = instance.props.text("displayName", 80)
        if isinstance(name, Unseen) or not name.value:
            return Unseen("it lists a product without a name")
        rows.append(_row(name.value, instance))
    if not rows and not (isinstance(host.uptime_s, Seen) and host.uptime_s.value >= _SETTLED_S):
        return Unseen("it lists nothing, and Windows has only just started, or did not tell since when it runs")
    return Seen(tuple(rows))


def _row(name: str, instance: Instance) -> Row:
    state = instance.props.unsigned("productState")
    power: Fact[Power] = Unseen(f"{name}: Windows Security Center does not tell its state")
    current, is_microsoft = None, False
    if isinstance(state, Seen) and state.value is not None:
        number = state.value
        current = {0x00: True, 0x10: False}.get(number & 0xF0)
        is_microsoft = number & 0xF00 == 0x100
        try:
            power = Seen(Power(number & 0xF000))
        except ValueError:
            power = Unseen(f"{name}: Windows Security Center tells a state that is not known (0x{number:06X})")
    reporting = "pathToSignedReportingExe"
    path = instance.props.text(reporting)
    if not isinstance(path, Seen) or not path.value:
        reporting = "pathToSignedProductExe"
        path = instance.props.text(reporting)
    program = path.value.lower() if isinstance(path, Seen) and path.value else ""
    exists = instance.exists(reporting)
    if not is_microsoft and _WINDOWS_OWN.match(program):
        exists = Unseen("the program that it is registered with belongs to Windows itself")
    return Row(name, power, current, is_microsoft, exists, vendor_folder(program))


def vendor_folder(path: str) -> str:
    """The maker's folder in the path of a program or service; "" where there is none."""
    found = _VENDOR_FOLDER.search(path.lower())
    return found[1] if found else ""
