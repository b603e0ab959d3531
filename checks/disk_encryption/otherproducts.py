"""Disk encryption by other products than BitLocker. Their signs are hints: they make a clear drive unknown, and prove
nothing (windows.md 1.8).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from scorecard.model import Fact, Observations, Seen, Unseen
from scorecard.reading import clean
from scorecard.windows_answers import registry, services

# Services and drivers; windows.yaml asks for them. Sophos Device Encryption and MBAM drive BitLocker, so they are none.
PRODUCTS: Mapping[str, tuple[str, ...]] = {
    "VeraCrypt": ("veracrypt",),
    "Trellix (McAfee) Drive Encryption": ("mfeepepc", "mfeeeff", "mfeepehost"),
    "Symantec Endpoint Encryption": ("eeddiskencryptiondriver", "pgpwded"),
    "Check Point Full Disk Encryption": ("fde_srv", "prot_srv"),
    "Dell Encryption": ("dellmgmtagent", "emsservice", "cmgshield*"),
    "ESET Full Disk Encryption": ("efdeais", "dlpcrypt"),
}
# Words in the names of installed programs, for products that have no known service.
_WORDS = (
    "securedoc",
    "disk encryption",
    "drive encryption",
    "volume encryption",
    "endpoint encryption",
    "diskcryptor",
    "truecrypt",
    "bestcrypt",
)


def other_products(observations: Observations) -> Fact[tuple[str, ...]]:
    found = services(observations, "disk-encryption.products")
    if isinstance(found, Unseen):
        return found
    names = [product for product, signs in PRODUCTS.items() if any(_is_there(sign, found.value) for sign in signs)]
    gaps: list[Unseen] = []
    for part in ("disk-encryption.programs", "disk-encryption.programs-32"):
        programs = registry(observations, part)
        if isinstance(programs, Unseen):
            gaps.append(programs)
            continue
        key = programs.value
        titles = [child.values.text("DisplayName") for child in key.children().values()]
        names += [
            clean(title, 60) for one in titles if isinstance(one, Seen) and (title := one.value) and _is_encryption(title)
        ]
        if key.capped or isinstance(key.exists, Unseen) or any(isinstance(title, Unseen) for title in titles):
            gaps.append(Unseen("the list of programs is not whole"))
    if names:
        return Seen(tuple(dict.fromkeys(names)))
    return gaps[0] if gaps else Seen(())


def _is_there(sign: str, listed: Iterable[str]) -> bool:
    if sign.endswith("*"):
        return any(name.startswith(sign[:-1]) for name in listed)
    return sign in listed


def _is_encryption(title: str) -> bool:
    """What names BitLocker only steers it."""
    name = title.lower()
    return "bitlocker" not in name and any(word in name for word in _WORDS)
