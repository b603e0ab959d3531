"""How a Windows system drive is opened when its daily way is lost, and signs that the key is kept elsewhere.

Of protectors only their number is known, by type (windows.md 1.3). No sign proves escrow; event logs roll over, so a
missing event proves nothing either (1.8).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scorecard.model import Fact, Host, Observations, Seen, Unseen
from scorecard.windows_answers import events, instances, registry, services

from .shape import Recovery, State, Volume

_BACKED_UP, _FAILED = 845, 846
# Windows Home has device encryption only, which takes its clear key away once the recovery key is in an account (1.4).
_HOME = frozenset({"Core", "CoreN", "CoreSingleLanguage", "CoreCountrySpecific"})
_UNLOCK = {"tpm": "the TPM", "tpm-and-pin": "the TPM and a PIN", "external-keys": "a key on a USB stick"}


def read_recovery(observations: Observations, host: Host, system: Sequence[Volume]) -> Recovery:
    """`system`: the volumes that were taken for the system drive; there must be one."""
    if len(system) != 1:
        why = Unseen("BitLocker did not name one system drive")
        return Recovery(why, why)
    return Recovery(_protectors(observations, system[0].device), _escrow(observations, host, system[0]))


def unlock_ways(observations: Observations, device: str) -> tuple[str, ...]:
    """For information: what opens the system drive each day, where it was counted."""
    counts = {words: _count(observations, noun, device) for noun, words in _UNLOCK.items()}
    return tuple(words for words, count in counts.items() if isinstance(count, Seen) and count.value > 0)


def opens_itself(observations: Observations, device: str) -> Fact[bool]:
    """Whether a data drive has a key in a file, as it gets for automatic unlocking (windows.md 1.3)."""
    count = _count(observations, "external-keys", device)
    return count if isinstance(count, Unseen) else Seen(count.value > 0)


def _count(observations: Observations, noun: str, device: str) -> Fact[int]:
    listed = instances(observations, f"disk-encryption.{noun}")
    if isinstance(listed, Unseen):
        return listed
    for instance in listed.value:
        named = instance.props.text("DeviceID", 80)
        if isinstance(named, Seen) and (named.value or "").lower() == device:
            return instance.call("GetKeyProtectors").counted("VolumeKeyProtectorID")
    return Unseen("Its key protectors were not counted")


def _protectors(observations: Observations, device: str) -> Fact[tuple[str, ...]]:
    passwords = _count(observations, "recovery-passwords", device)
    if isinstance(passwords, Unseen):
        return Unseen(f"Whether there is a recovery key was not seen: {passwords.reason}")
    if passwords.value:
        return Seen(("recovery password",))
    for noun, words in (("external-keys", "a key on a USB stick"), ("certificates", "a certificate")):
        count = _count(observations, noun, device)
        if isinstance(count, Unseen):
            return Unseen(f"Whether there is another recovery key was not seen: {count.reason}")
        if count.value:
            why = f"{words} opens the drive, and whether that is kept for recovery is not known"
            return Unseen(f"There is no recovery password; {why}")
    return Seen(())


def _escrow(observations: Observations, host: Host, system: Volume) -> Fact[tuple[str, ...]]:
    """Every place is looked at; that there is no sign is said only where all of them answered."""
    looked = (_event(observations, system.name), _policy(observations), _agent(observations))
    signs = [fact.value for fact in looked if isinstance(fact, Seen) and fact.value]
    is_home = isinstance(host.edition, Seen) and host.edition.value in _HOME
    if is_home and system.state == Seen(State.ENCRYPTED):
        signs.append("Windows Home protects a drive only after its recovery key was stored in an account")
    gaps = [fact for fact in looked if isinstance(fact, Unseen)]
    if not signs and gaps:
        return Unseen(f"Whether the key is kept elsewhere was not seen: {gaps[0].reason}")
    return Seen(tuple(signs))


def _event(observations: Observations, letter: str) -> Fact[str]:
    """The newest word about the system drive counts: a failed backup after a good one is of a newer key.

    One that does not name its drive may be about another, and about this one.
    """
    found = events(observations, "disk-encryption.backups")
    if isinstance(found, Unseen):
        return found
    for event in found.value:
        point = event.data.text("VolumeMountPoint", 8)
        if isinstance(point, Unseen) or not point.value:
            return Unseen("an event tells of a stored key, and not of which drive")
        if point.value.upper().rstrip("\\") != letter:
            continue
        if event.id == _BACKED_UP:
            return Seen("Windows wrote down that the key was stored in Entra ID (event 845)")
        if event.id == _FAILED:
            return Seen("")
    return Seen("")


def _policy(observations: Observations) -> Fact[str]:
    key = registry(observations, "disk-encryption.policies")
    if isinstance(key, Unseen):
        return key
    if key.value.exists == Seen(False):
        return Seen("")
    names = ("OSRecovery", "OSActiveDirectoryBackup", "OSRequireActiveDirectoryBackup")
    values: Mapping[str, Fact[int | None]] = {name: key.value.values.number(name) for name in names}
    gaps = [value for value in values.values() if isinstance(value, Unseen)]
    if gaps:
        return gaps[0]
    if all(value == Seen(1) for value in values.values()):
        return Seen("a policy lets no encryption start before the key is stored in the directory")
    return Seen("")


def _agent(observations: Observations) -> Fact[str]:
    found = services(observations, "disk-encryption.products")
    if isinstance(found, Unseen):
        return found
    agent = found.value.get("mbamagent")
    return Seen("the agent of MBAM, which stores keys, runs") if agent and agent.running == Seen(True) else Seen("")
