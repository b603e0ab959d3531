"""Windows: three CIM classes, the machine's id and its last user (windows.md 4.9, 4.12).

The serial number comes by two witnesses that read the same firmware; where they differ, neither is believed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

from scorecard.model import Fact, Host, Observations, Seen, Unseen, Virtual
from scorecard.reading import clean
from scorecard.windows_answers import Instance, Key, Values, instances, registry

from . import disks_windows
from .linux import name_of
from .shape import Inventory, real, real_uuid
from .witnesses import agreed

COMPUTER = "inventory.computer"
FIRMWARE = "inventory.firmware"
PRODUCT = "inventory.product"
PROCESSOR = "inventory.processor"
MACHINE_ID = "inventory.machine-id"
LAST_USER = "inventory.last-user"

_MAX_MEMORY = 2**50
_MAX_CPUS = 10_000
# DOMAIN\name; a domain may be called after a person, a name may hold blanks and letters of any language.
_ACCOUNT = re.compile(r"(?:(?P<domain>[^\\/:*?\"<>|\s]{1,64})\\)?(?P<name>[^\\/:*?\"<>|=;,+\[\]]{1,64})")
_NOBODY = frozenset({"system", "local service", "network service", "defaultuser0", "defaultaccount", "wdagutilityaccount"})


def parse(observations: Observations, host: Host) -> Inventory:
    computer, firmware = _only(observations, COMPUTER), _only(observations, FIRMWARE)
    product = _only(observations, PRODUCT)
    return Inventory(
        name=name_of(host),
        serial=_serial(firmware, product),
        machine_id=_machine_id(observations),
        uuid=_text(product, "UUID", real_uuid),
        maker=_text(computer, "Manufacturer", real),
        model=_model(computer, product, host),
        firmware=_text(firmware, "SMBIOSBIOSVersion", real),
        firmware_date=_firmware_date(firmware),
        cpu=_cpu(observations),
        cpus=_number(computer, "NumberOfLogicalProcessors", _MAX_CPUS),
        memory_bytes=_number(computer, "TotalPhysicalMemory", _MAX_MEMORY),
        user=_user(observations, computer, host),
        disks=disks_windows.parse(observations),
    )


def _only(observations: Observations, part: str) -> Fact[Values]:
    """The properties of a class that has one instance."""
    found = instances(observations, part)
    if isinstance(found, Unseen):
        return found
    listed: tuple[Instance, ...] = found.value.instances
    return (
        Seen(listed[0].props) if len(listed) == 1 else Unseen(f"Windows lists {len(listed)} instances where one is meant")
    )


def _text(values: Fact[Values], name: str, meaning: Callable[[str], str | None]) -> Fact[str | None]:
    if isinstance(values, Unseen):
        return values
    found = values.value.text(name)
    return found if isinstance(found, Unseen) else Seen(meaning(found.value or ""))


def _number(values: Fact[Values], name: str, most: int) -> Fact[int | None]:
    if isinstance(values, Unseen):
        return values
    found = values.value.number(name)
    if isinstance(found, Unseen) or found.value is None:
        return found
    return Seen(found.value if 0 < found.value <= most else None)


def _serial(firmware: Fact[Values], product: Fact[Values]) -> Fact[str | None]:
    """Only where both witnesses were read: what one alone says, the other might contradict."""
    one, other = _text(firmware, "SerialNumber", real), _text(product, "IdentifyingNumber", real)
    if isinstance(one, Unseen):
        return one
    return other if isinstance(other, Unseen) else agreed("serial numbers", one.value, other.value, ())


def _machine_id(observations: Observations) -> Fact[str | None]:
    key = registry(observations, MACHINE_ID)
    if isinstance(key, Unseen):
        return key
    return _text(Seen(key.value.values), "MachineGuid", real_uuid)


def _model(computer: Fact[Values], product: Fact[Values], host: Host) -> Fact[str | None]:
    model, maker = _text(computer, "Model", real), _text(computer, "Manufacturer", real)
    if isinstance(model, Unseen):
        return model
    shown = model.value
    # Lenovo writes its type number as the model, and the model people know as the product's version.
    version = _text(product, "Version", real)
    if shown and isinstance(version, Seen) and version.value and isinstance(maker, Seen):
        shown = f"{version.value} ({shown})" if (maker.value or "").casefold().startswith("lenovo") else shown
    if isinstance(host.virtual, Seen) and host.virtual.value is Virtual.MACHINE:
        kind = host.virtual_kind.value if isinstance(host.virtual_kind, Seen) else "kind unknown"
        return Seen(f"virtual machine ({kind})" + (f": {shown}" if shown else ""))
    return Seen(shown)


def _firmware_date(firmware: Fact[Values]) -> Fact[date | None]:
    if isinstance(firmware, Unseen):
        return firmware
    found = firmware.value.moment("ReleaseDate")
    if isinstance(found, Unseen):
        return found
    return Seen(found.value.date() if found.value else None)


def _cpu(observations: Observations) -> Fact[str | None]:
    """A server has several alike: the first one names them."""
    found = instances(observations, PROCESSOR)
    if isinstance(found, Unseen):
        return found
    listed = found.value.instances
    return _text(Seen(listed[0].props), "Name", _squeezed) if listed else Seen(None)


def _squeezed(text: str) -> str | None:
    """Processor names are padded with blanks, in the middle too."""
    return real(" ".join(text.split()))


def _user(observations: Observations, computer: Fact[Values], host: Host) -> Fact[str | None]:
    """Who sits at the console now, else who last did. The audit's own account counts only where it sits there."""
    now = _text(computer, "UserName", _account)
    if isinstance(now, Seen) and now.value:
        return now
    key: Fact[Key] = registry(observations, LAST_USER)
    last = key if isinstance(key, Unseen) else _text(Seen(key.value.values), "LastLoggedOnSAMUser", _account)
    if isinstance(last, Seen) and last.value and not _is_auditor(last.value, host):
        return last
    return now if isinstance(now, Unseen) else (last if isinstance(last, Unseen) else Seen(None))


def _account(text: str) -> str | None:
    r"""`CORP\anna` as it is, `.\anna` without the dot; None for accounts that are nobody's."""
    found = _ACCOUNT.fullmatch(clean(text))
    if found is None or found["name"].strip().casefold() in _NOBODY:
        return None
    name = found["name"].strip()
    return name if found["domain"] in (None, ".") else f"{found['domain']}\\{name}"


def _is_auditor(account: str, host: Host) -> bool:
    if not isinstance(host.user, Seen):
        return False
    return account.casefold() == host.user.value.casefold()
