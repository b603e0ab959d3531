"""Rules on disk encryption (design section 8; linux.md 1.1, macos.md 1.3, windows.md 1.4).

On a virtual machine or in a container encryption is the host's job, by a seen fact. Where it was not told whether the
machine is one, what is seen is judged like a physical machine's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from scorecard.model import (
    Host,
    Json,
    Seen,
    Severity,
    Unseen,
    Verdict,
    Virtual,
    failed,
    not_applicable,
    passed,
    unknown,
    warned,
)
from scorecard.topic import Effort, Parameter, Parameters, check

from .shape import PROTECTED, DiskEncryption, Method, Purpose, State, Volume

_SYSTEM = frozenset({Purpose.SYSTEM, Purpose.SWAP})
_JUDGED = _SYSTEM | {Purpose.DATA}
_WARN_STATES = frozenset({State.CONVERTING, State.EXPOSED})
_SHOWN = 4
_EVIDENCE = 50

_WORDS = {
    State.ENCRYPTED: "encrypted",
    State.LOCKED: "encrypted and locked",
    State.CONVERTING: "still being encrypted",
    State.EXPOSED: "encrypted, with its key lying open",
    State.SUSPENDED: "encrypted, with protection suspended",
    State.DECRYPTING: "being decrypted",
    State.PARTLY: "only partly encrypted",
    State.PLAIN: "not encrypted",
}
_EXPECTED = "Encrypted as a whole, with protection on"


def _hosts_job(host: Host) -> Verdict | None:
    match host.virtual:
        case Seen(Virtual.MACHINE | Virtual.CONTAINER as what):
            kind = host.virtual_kind.value if isinstance(host.virtual_kind, Seen) else ""
            named = f" ({kind})" if kind and kind != "none" else ""
            thing = "a container" if what is Virtual.CONTAINER else "a virtual machine"
            return not_applicable(
                f"This is {thing}{named}: its disk is encrypted, or not, by the machine it runs on", kind=kind
            )
    return None


def _listed(texts: Iterable[str]) -> str:
    texts = list(texts)
    more = f" and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else ""
    return "; ".join(texts[:_SHOWN]) + more


def _described(volume: Volume) -> str:
    state = volume.state.value if isinstance(volume.state, Seen) else None
    word = _WORDS[state] if state else "not known"
    inside = [part for part in (volume.detail, f"opens with {', '.join(volume.unlock)}" if volume.unlock else "") if part]
    return f"{volume.name} is {word}" + (f" ({'; '.join(inside)})" if inside else "")


def _label(volume: Volume) -> str:
    """The name with a colon after it; a drive letter has one already."""
    return volume.name if volume.name.endswith(":") else f"{volume.name}:"


def _evidence(volumes: Sequence[Volume]) -> dict[str, Json]:
    states: dict[str, Json] = {}
    for volume in volumes[:_EVIDENCE]:
        states[volume.name] = str(volume.state.value) if isinstance(volume.state, Seen) else "unknown"
    open_: list[Json] = [volume.name for volume in volumes if _is_open(volume)]
    return {"volumes": states, "open": open_[:_EVIDENCE]}


def _is_open(volume: Volume) -> bool:
    return isinstance(volume.state, Seen) and volume.state.value not in PROTECTED


def _judged(volumes: Sequence[Volume], remarks: Sequence[str]) -> Verdict:
    """Fail for any open volume; else unknown for any that was not seen; else warn while one is on its way."""
    evidence = _evidence(volumes)
    open_ = [volume for volume in volumes if _is_open(volume)]
    bad = [volume for volume in open_ if isinstance(volume.state, Seen) and volume.state.value not in _WARN_STATES]
    tail = "".join(f"; {remark}" for remark in remarks)
    if bad:
        return failed(_listed(map(_described, bad)) + tail, _EXPECTED, **evidence)
    for volume in volumes:
        if isinstance(volume.state, Unseen):
            return unknown(f"{_label(volume)} {volume.state.reason}", **evidence)
    if open_:
        return warned(_listed(map(_described, open_)) + tail, _EXPECTED, **evidence)
    return passed(_listed(map(_described, volumes)) + tail, _EXPECTED, **evidence)


@check(
    "disk-encryption.system-volume",
    title="The system drive is encrypted",
    task="Encrypt the system drive",
    why="A stolen computer with an open drive gives away every file, password and mail on it.",
    fix=(
        "Make sure a backup of the machine exists, and that somebody can read it.",
        "Windows Pro, Enterprise or Education: turn on BitLocker for the system drive, with the TPM. On a server, add the "
        "feature BitLocker first, which takes a restart.",
        "Windows Home: turn on Device encryption in Settings, as an administrator who signs in with a Microsoft or work "
        "account: protection starts only when the recovery key was stored there.",
        "Windows, suspended: resume it (manage-bde -protectors -enable C:). Without a key protector, first add two of them "
        "(manage-bde -protectors -add C: -recoverypassword, then -tpm), and keep the recovery password.",
        "macOS: turn on FileVault in System Settings, or through the management server with the key kept there.",
        "Linux: LUKS is chosen when the system is installed: back up, reinstall with the whole disk encrypted, restore. "
        "Put swap inside the encrypted volume, or give it a random key at each start in /etc/crypttab.",
        "Store the recovery key where the company keeps its keys, and let the encryption finish.",
        "Audit again and see the system drive, and swap, listed as encrypted.",
    ),
    severity=Severity.CRITICAL,
    effort=Effort(once_min=30, each_min=30),
    stable=("open",),
)
def system_volume(facts: DiskEncryption, host: Host, _parameters: Parameters) -> Verdict:
    """The volume that holds the running system, and where its memory is written to (swap)."""
    if (verdict := _hosts_job(host)) is not None:
        return verdict
    volumes = facts.volumes.seen()
    system = [volume for volume in volumes if volume.purpose in _SYSTEM]
    if not any(volume.purpose is Purpose.SYSTEM for volume in system):
        return unknown("No system drive was reported")
    remarks = []
    if any(volume.purpose is Purpose.SYSTEM and _is_open(volume) for volume in system):
        # Encrypted home folders or data do not protect the system they lie beside, and people think they do.
        others = [volume for volume in volumes if volume.purpose is Purpose.DATA and not _is_open(volume)]
        kept = [volume.name for volume in others if isinstance(volume.state, Seen)]
        if kept:
            remarks.append(f"only {', '.join(kept[:_SHOWN])} is encrypted")
        remarks += [note for note in facts.notes if "encrypted with" in note]
    return _judged(system, remarks)


@check(
    "disk-encryption.data-volumes",
    title="Every other fixed drive is encrypted",
    task="Encrypt the other fixed drives",
    why="Data on a second drive or partition is as easily read by a thief as data on the first one.",
    fix=(
        "Find out what the named drive holds, and move off or back up what is needed.",
        "Windows: protect the system drive first, then turn on BitLocker for this one, with automatic unlocking. On "
        "Windows Home, Device encryption takes in fixed drives; one that it leaves out needs Windows Pro.",
        "macOS: erase it as encrypted APFS.",
        "Linux: set it up with LUKS, open it from /etc/crypttab with a key file on the encrypted system drive, restore.",
        "Wipe what is no longer used, such as old partitions.",
        "Audit again and see every fixed drive listed as encrypted.",
    ),
    severity=Severity.HIGH,
    effort=Effort(once_min=15, each_min=40),
    stable=("open",),
)
def data_volumes(facts: DiskEncryption, host: Host, _parameters: Parameters) -> Verdict:
    """All fixed volumes beside the system; boot partitions, external disks and other machines' disks are not judged."""
    if (verdict := _hosts_job(host)) is not None:
        return verdict
    volumes = facts.volumes.seen()
    data = [volume for volume in volumes if volume.purpose is Purpose.DATA]
    remarks = [note for note in facts.notes if "not judged" in note]
    outside = [volume.name for volume in volumes if volume.purpose is Purpose.REMOVABLE and _is_open(volume)]
    if outside:
        remarks.append(f"external and not judged: {', '.join(outside[:_SHOWN])}, not encrypted")
    boot = list(dict.fromkeys(volume.name for volume in volumes if volume.purpose is Purpose.BOOT))
    if boot:
        remarks.append(f"clear by design: {', '.join(boot[:_SHOWN])}")
    if not data:
        if not any(volume.purpose is Purpose.SYSTEM for volume in volumes):
            return unknown("No drive was reported")
        said = "No fixed drive beside the system drive"
        return passed("; ".join((said, *remarks)), _EXPECTED, **_evidence(data))
    return _judged(data, remarks)


@check(
    "disk-encryption.recovery-key",
    title="A recovery key exists and is kept away from the machine",
    task="Make a recovery key and keep it elsewhere",
    why="When a password is forgotten or a chip fails, an encrypted drive without a recovery key is lost for good.",
    fix=(
        "Windows: add a recovery password to the system drive (manage-bde -protectors -add C: -recoverypassword) and back "
        "it up to Entra ID, Active Directory or a vault. Windows Home: see that it is in the owner's Microsoft account.",
        "macOS: let the management server escrow the personal recovery key; rotate it once where it was made before that.",
        "Linux: add a recovery key (systemd-cryptenroll --recovery-key) or a second passphrase (cryptsetup luksAddKey), or "
        "bind the volume to a Tang server.",
        "Store the key in the company's vault under the machine's name, and read it back once.",
        "Audit again and see the recovery key and the sign of escrow. A vault leaves no sign on Linux and Windows: there, "
        "waive the warning and name the place of the key.",
    ),
    severity=Severity.MEDIUM,
    effort=Effort(once_min=30, each_min=15),
    stable=("protectors", "escrow"),
)
def recovery_key(facts: DiskEncryption, host: Host, _parameters: Parameters) -> Verdict:
    """A way in for the day the usual one is lost, and a sign that it is kept elsewhere. Signs prove nothing more."""
    if (verdict := _hosts_job(host)) is not None:
        return verdict
    expected = "A recovery key, and a sign that it is kept away from the machine"
    if (verdict := _not_encrypted(facts, expected)) is not None:
        return verdict
    protectors = facts.recovery.protectors.seen()
    listed: list[Json] = list(protectors)
    if not protectors:
        measured = "The system drive opens in one way only: there is no recovery key"
        if any(volume.purpose is Purpose.SYSTEM and _is_open(volume) for volume in facts.volumes.seen()):
            measured = "There is no recovery key, and the system drive is not protected yet"
        return failed(measured, expected, protectors=listed, escrow=[])
    escrow = facts.recovery.escrow.seen()
    signs: list[Json] = list(escrow)
    told = "".join(f"; {note}" for note in facts.notes if "bootstrap" in note)
    if not escrow:
        measured = f"There is a {_listed(protectors)}, and no sign that it is kept away from the machine{told}"
        return warned(measured, expected, protectors=listed, escrow=signs)
    return passed(f"There is a {_listed(protectors)}; {_listed(escrow)}{told}", expected, protectors=listed, escrow=signs)


def _not_encrypted(facts: DiskEncryption, expected: str) -> Verdict | None:
    system = [volume for volume in facts.volumes.seen() if volume.purpose is Purpose.SYSTEM]
    if not system:
        return unknown("No system drive was reported")
    plain = [volume for volume in system if volume.state.seen() in (State.PLAIN, State.PARTLY)]
    if plain:
        return failed(_listed(map(_described, plain)), expected, protectors=[], escrow=[])
    return None


_CIPHERS = frozenset({"aes", "serpent", "twofish", "camellia", "xchacha12", "xchacha20"})
_MODES = frozenset({"xts", "gcm", "ccm", "adiantum"})


@check(
    "disk-encryption.method",
    title="Drives are encrypted with a current method",
    task="Encrypt again with a current method",
    why="Old methods and drives that encrypt by themselves have been broken before; a current one protects for years.",
    fix=(
        "Windows: set the policy to XTS-AES and to software encryption, then decrypt the drive and encrypt it again.",
        "Linux: back up, then change the cipher with cryptsetup reencrypt --cipher aes-xts-plain64 --key-size 512.",
        "Drives that encrypt themselves: turn that off and use BitLocker, FileVault or LUKS instead.",
        "Audit again and see the new method.",
    ),
    severity=Severity.LOW,
    effort=Effort(once_min=15, each_min=30),
    parameters=(Parameter("pass_bits", 128, "bits", "Shortest key that passes"),),
    stable=("methods",),
)
def method(facts: DiskEncryption, host: Host, parameters: Parameters) -> Verdict:
    """How the system drive and the other fixed drives that are encrypted are encrypted."""
    if (verdict := _hosts_job(host)) is not None:
        return verdict
    bits = parameters.number("pass_bits")
    expected = f"A current cipher in software with keys of {bits:g} bits or more"
    if (verdict := _not_encrypted(facts, expected)) is not None:
        return Verdict(verdict.status, verdict.measured, verdict.expected, {"methods": []}, verdict.reason)
    judged = [volume for volume in facts.volumes.seen() if volume.purpose in _JUDGED]
    weak: list[str] = []
    strong: list[str] = []
    names: set[str] = set()
    unseen: list[str] = []
    for volume in judged:
        if isinstance(volume.method, Unseen):
            unseen.append(f"{_label(volume)} {volume.method.reason}")
            continue
        used = volume.method.value
        if used is None:
            continue  # a clear drive is the business of data-volumes
        names.add(used.name)
        why = _weakness(used, bits)
        said = f"{_label(volume)} {used.name}" + (f", {used.key_bits} bits" if used.key_bits else "")
        (weak if why else strong).append(f"{said} ({why})" if why else said)
    listed: list[Json] = [*sorted(names)]
    if unseen:
        return unknown(unseen[0], methods=listed)
    if weak:
        return warned(_listed(weak), expected, methods=listed)
    if not strong:
        return unknown("No method was told")
    return passed(_listed(strong), expected, methods=listed)


def _weakness(used: Method, bits: float) -> str | None:
    if used.by_drive:
        return "the drive encrypts itself, and its firmware has to be trusted"
    if used.cipher not in _CIPHERS:
        return "not a current cipher"
    if used.mode not in _MODES:
        return "an old mode"
    if used.key_bits is not None and used.key_bits < bits:
        return "a short key"
    return None
