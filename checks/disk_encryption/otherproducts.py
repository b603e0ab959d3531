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
_WORDS = ("securedoc", "full disk encryption", "drive encryption")


def other_products(observations: Observations) -> Fact[tuple[str, ...]]:
    found = services(observations, "disk-encryption.products")
    programs = registry(observations, "disk-encryption.programs")
    for part in (found, programs):
        if isinstance(part, Unseen):
            return part
    listed, key = found.seen(), programs.seen()
    names = [product for product, signs in PRODUCTS.items() if any(_is_there(sign, listed) for sign in signs)]
    titles = [child.values.text("DisplayName") for child in key.children().values()]
    names += [
        clean(title, 60) for one in titles if isinstance(one, Seen) and (title := one.value) and _is_encryption(title)
    ]
    if names:
        return Seen(tuple(dict.fromkeys(names)))
    if key.capped or isinstance(key.exists, Unseen) or any(isinstance(title, Unseen) for title in titles):
        return Unseen("the list of programs is not whole")
    return Seen(())


def _is_there(sign: str, listed: Iterable[str]) -> bool:
    if sign.endswith("*"):
        return any(name.startswith(sign[:-1]) for name in listed)
    return sign in listed


def _is_encryption(title: str) -> bool:
    return any(word in title.lower() for word in _WORDS)
