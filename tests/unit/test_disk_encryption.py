"""Parsers and walks of disk encryption, and what must hold for any answer: never raise, never pass on noise."""

from __future__ import annotations

import importlib
import plistlib
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scorecard.model import Host, Observation, Outcome, Platform, Seen, Status, Unseen, Verdict
from scorecard.registry import Registry
from tests.cases import Case, apply, cases, host

TOPIC = Registry.load().by_id["disk-encryption"]
PACKAGE = TOPIC.parse.__module__.rpartition(".")[0]


def module(name: str) -> ModuleType:
    return importlib.import_module(f"{PACKAGE}.{name}")


filevault, luks, mounts, plists, zfs = (module(name) for name in ("filevault", "luks", "mounts", "plists", "zfs"))
blocktree, machine, shape, signatures = (module(name) for name in ("blocktree", "machine", "shape", "signatures"))


def observations(platform: Platform, answers: dict[str, str], outcome: Outcome = Outcome.OK) -> dict[str, Observation]:
    parts = [probe.part for probe in TOPIC.probes_for(platform)]
    return {
        part: Observation(part, outcome, answers.get(part.partition(".")[2], ""), 0, 1, None, "made up") for part in parts
    }


def verdicts(platform: Platform, found: dict[str, Observation], seen_by: Host | None = None) -> dict[str, Verdict]:
    case = Case("disk-encryption", platform, "made up", "made up", seen_by or host(platform), found, {})
    return {check.id: apply(TOPIC, check.id, case) for check in TOPIC.checks}


# --- for any answer ------------------------------------------------------------------------------------------------

NOISE = st.text(max_size=200) | st.text(alphabet="a\t\n/:0-1 .dmloopcrypt", max_size=200)


@settings(max_examples=60)
@given(st.sampled_from(list(Platform)), st.data())
def test_noise_never_raises_and_never_passes(platform: Platform, data: Any) -> None:
    nouns = [probe.part.partition(".")[2] for probe in TOPIC.probes_for(platform)]
    noise = {noun: data.draw(NOISE) for noun in nouns}
    for check_id, verdict in verdicts(platform, observations(platform, noise)).items():
        assert verdict.status not in (Status.PASS, Status.WARN, Status.NOT_APPLICABLE), check_id


GOOD = [
    case
    for case in cases("disk-encryption")
    if case.name in ("luks-then-lvm", "on-apple-silicon", "zfs-native", "loop-devices")
    or (
        case.platform is Platform.WINDOWS and case.name in ("good", "data-drive-locked", "usb-disk-clear", "escrow-by-mbam")
    )
]


@settings(max_examples=40)
@given(st.sampled_from(GOOD), st.data())
def test_a_damaged_recording_never_raises(case: Case, data: Any) -> None:
    part = data.draw(st.sampled_from(sorted(case.observations)))
    text = case.observations[part].text
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    damaged = text[:start] + data.draw(st.text(max_size=8)) + text[end:]
    found = dict(case.observations)
    found[part] = Observation(part, Outcome.OK, damaged, 0, 1, None)
    verdicts(case.platform, found, case.host)


@pytest.mark.parametrize("outcome", [Outcome.DENIED, Outcome.TIMEOUT, Outcome.TRUNCATED, Outcome.ERROR, Outcome.ABSENT])
@pytest.mark.parametrize("case", GOOD, ids=[case.id for case in GOOD])
def test_what_did_not_end_well_never_makes_it_better(case: Case, outcome: Outcome) -> None:
    """Each part in turn ends badly, with all its text: no check is worth more than with the whole answer."""
    worth = {Status.FAIL: 0.0, Status.UNKNOWN: 0.0, Status.WARN: 0.5, Status.PASS: 1.0}
    whole = verdicts(case.platform, dict(case.observations), case.host)
    for part, observation in case.observations.items():
        found = dict(case.observations)
        found[part] = Observation(part, outcome, observation.text, 1, 1, None, "ended badly")
        for check_id, verdict in verdicts(case.platform, found, case.host).items():
            assert worth[verdict.status] <= worth[whole[check_id].status], f"{part} {outcome}: {check_id}"


def test_verdicts_stay_short_whatever_a_machine_says() -> None:
    """One line, a few names, however many volumes there are and however long they are called."""
    blocks = "".join(f"sd{i}\tdev\t8:{i}\nsd{i}\tsize\t999999\n" for i in range(300))
    mounted = "mount\t1 1 8:0 / / rw - ext4 /dev/sd0 rw\n"
    mounted += "".join(f"mount\t1 1 8:{i} / /{'x' * 4000}{i} rw - ext4 /dev/sd{i} rw\n" for i in range(1, 300))
    answers = {"blocks": blocks, "mounts": mounted, "swaps": "Filename\tType\n"}
    verdict = verdicts(Platform.LINUX, observations(Platform.LINUX, answers))["disk-encryption.data-volumes"]
    assert verdict.status is Status.FAIL
    assert len(verdict.measured) < 2000
    assert "295 more" in verdict.measured
    assert len(str(verdict.evidence)) < 40_000


def test_more_volumes_than_can_be_read_are_unknown() -> None:
    blocks = "".join(f"sd{i}\tdev\t8:{i}\nsd{i}\tsize\t999999\n" for i in range(700))
    mounted = "".join(f"mount\t1 1 8:{i} / /{i or ''} rw - ext4 /dev/sd{i} rw\n" for i in range(700))
    found = observations(Platform.LINUX, {"blocks": blocks, "mounts": mounted, "swaps": "Filename\tType\n"})
    assert verdicts(Platform.LINUX, found)["disk-encryption.data-volumes"].status is Status.UNKNOWN


# --- the walk ------------------------------------------------------------------------------------------------------


@st.composite
def trees(draw: Any) -> dict[str, tuple[str, list[str]]]:
    """Devices in layers, each made of some below: name -> (kind, members). The first ones are disks."""
    found: dict[str, tuple[str, list[str]]] = {f"sd{i}": ("disk", []) for i in range(draw(st.integers(1, 4)))}
    for number in range(draw(st.integers(1, 8))):
        members = draw(st.lists(st.sampled_from(sorted(found)), min_size=1, max_size=3, unique=True))
        found[f"dm-{number}"] = (draw(st.sampled_from(["crypt", "linear", "verity"])), members)
    return found


@settings(max_examples=40)
@given(trees())
def test_encrypted_only_if_everything_below_is(tree: dict[str, tuple[str, list[str]]]) -> None:
    def safe(name: str) -> bool:
        kind, members = tree[name]
        return kind == "crypt" or (kind != "disk" and all(safe(member) for member in members))

    uuids = {"crypt": "CRYPT-LUKS2-0-x", "linear": "LVM-x", "verity": "CRYPT-VERITY-0-x"}
    lines = []
    for number, (name, (kind, members)) in enumerate(tree.items()):
        lines += [f"{name}\tdev\t9:{number}", f"{name}\tsize\t99999"]
        if kind != "disk":
            lines += [f"{name}\tdm-uuid\t{uuids[kind]}", f"{name}\tdm-name\t{name}x"]
        lines += [f"{name}\tslave\t{member}" for member in members]
    for number, name in enumerate(tree):
        answers = {"blocks": "\n".join(lines), "mounts": f"mount\t1 1 9:{number} / / rw - ext4 x rw", "swaps": "Filename\n"}
        facts = TOPIC.parse(observations(Platform.LINUX, answers), host(Platform.LINUX))
        (root,) = [volume for volume in facts.volumes.seen() if volume.name == "/"]
        assert (root.state == Seen(shape.State.ENCRYPTED)) == safe(name)


def test_a_walk_ends_in_a_tree_that_never_ends() -> None:
    chain = "\n".join(f"d{i}\tdev\t9:{i}\nd{i}\tslave\td{i + 1}" for i in range(3_000))
    tree = blocktree.BlockTree(blocktree.read_devices(chain).seen())
    assert {leaf.kind for leaf in tree.leaves("d0")} == {"unknown"}


@pytest.mark.parametrize(
    ("uuid", "kind"),
    [
        ("CRYPT-LUKS1-aa-x", "LUKS1"),
        ("CRYPT-LUKS2-aa-x", "LUKS2"),
        ("CRYPT-LUKS2-OPAL-aa-x", "LUKS2-OPAL"),
        ("CRYPT-PLAIN-x", "PLAIN"),
        ("CRYPT-TCRYPT-x", "TCRYPT"),
        ("CRYPT-VERITY-aa-x", None),
        ("CRYPT-INTEGRITY-aa-x", None),
        ("CRYPT-TEMP-x", None),
        ("CRYPT-SUBDEV-aa-x", None),
        ("LVM-abc", None),
        ("", None),
    ],
)
def test_what_a_mapping_is(uuid: str, kind: str | None) -> None:
    assert blocktree.Device("dm-0", dm_uuid=uuid).mapping == kind


# --- parsers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "bits", "expected"),
    [
        ("aes-xts-plain64", 512, ("aes", "xts", 256)),
        ("aes-xts-plain64", None, ("aes", "xts", None)),
        ("aes-cbc-essiv:sha256", 256, ("aes", "cbc", 256)),
        ("capi:xts(aes)-plain64", 512, ("aes", "xts", 256)),
        ("xchacha12,aes-adiantum-plain64", 256, ("xchacha12,aes", "adiantum", 256)),
        ("aes", 128, ("aes", "", 128)),
        ("", None, ("", "", None)),
    ],
)
def test_method_of_a_cipher(spec: str, bits: int | None, expected: tuple[str, str, int | None]) -> None:
    method = luks.method_of(spec, bits)
    assert (method.cipher, method.mode, method.key_bits) == expected


@pytest.mark.parametrize(
    ("slots", "tokens", "pins", "expected"),
    [
        (0, [], [], ()),
        (1, [], [], ()),
        (2, [], [], ("second passphrase or key file",)),
        (1, ["systemd-tpm2"], [], ()),
        (2, ["systemd-tpm2"], [], ("passphrase beside the daily way",)),
        (2, ["systemd-tpm2", "systemd-fido2"], [], ()),
        (2, ["systemd-tpm2", "systemd-recovery"], [], ("recovery key",)),
        (2, ["clevis"], ["tang"], ("Tang server",)),
        (2, ["clevis"], ["tpm2"], ("passphrase beside the daily way",)),
        (3, ["ubuntu-fde", "ubuntu-fde-recovery"], [], ("recovery key",)),
    ],
)
def test_protectors(slots: int, tokens: list[str], pins: list[str], expected: tuple[str, ...]) -> None:
    header = luks.Header(version="2", slots=["luks2"] * slots, tokens=tokens, pins=pins)
    assert luks.protectors(header) == expected


def test_mounts_with_blanks_and_tags() -> None:
    text = "mount\t36 35 98:0 /mnt1 /mnt\\040two\\011x rw,noatime master:1 shared:2 - ext3 /dev/root rw,errors=continue"
    (found,), _ = mounts.read_mounts(text).seen()
    assert (found.number, found.point, found.kind, found.source) == ("98:0", "/mnt twox", "ext3", "/dev/root")


def test_a_mount_that_is_not_understood_hides_none() -> None:
    assert isinstance(mounts.read_mounts("mount\t1 1 8:1 / / rw - ext4 /dev/sda1 rw\nmount\tnonsense"), Unseen)


@pytest.mark.parametrize(
    ("path", "expected"), [("/a/b/c", "/a/b"), ("/a/bc", "/a"), ("/x", "/"), ("/a", "/a"), ("/a/b", "/a/b")]
)
def test_the_mount_a_file_lies_on(path: str, expected: str) -> None:
    found = [mounts.Mount("8:1", point, "ext4", "x") for point in ("/", "/a", "/a/b")]
    assert mounts.holder_of(path, found).point == expected


@pytest.mark.parametrize(
    ("points", "expected"),
    [({"/boot/efi"}, "boot"), ({"/", "/boot"}, "system"), ({"/boot", "/srv"}, "data"), ({"/mnt"}, "data")],
)
def test_purpose_of_all_its_mount_points(points: set[str], expected: str) -> None:
    assert mounts.purpose_of(points, frozenset({"/"}), False) == expected


@pytest.mark.parametrize(
    ("answer", "state", "percent"),
    [
        ("FileVault is On.", "encrypted", None),
        ("FILEVAULT IS ON.\n\n", "encrypted", None),
        ("FileVault is On.\nEncryption in progress: Percent completed = 100", "converting", 100),
        ("FileVault is On.\nEncryption in progress: Percent completed = 999", "converting", 100),
        ("FileVault is On.\nDecryption in progress: Paused", "decrypting", None),
        ("FileVault is Off.", "plain", None),
        ("FileVault master keychain appears to be installed.\nFileVault is Off.", "plain", None),
    ],
)
def test_words_of_fdesetup(answer: str, state: str, percent: int | None) -> None:
    found = filevault.read_filevault(answer).seen()
    assert (found.state, found.percent) == (state, percent)


@pytest.mark.parametrize(
    "answer", ["", "On.", "FileVault is On", "FileVault est activé.", "Encryption in progress:", "\x00", "x" * 9999]
)
def test_other_words_are_unseen(answer: str) -> None:
    assert isinstance(filevault.read_filevault(answer), Unseen)


BOMB = """<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<plist version="1.0"><dict><key>&b;</key><string>&b;</string></dict></plist>"""


@pytest.mark.parametrize(
    "text",
    [
        BOMB,
        "",
        "<plist>",
        "<?xml version='1.0'?><plist><string>x</string></plist>",
        "<?xml version='1.0'?><plist><dict><key>a</key><integer>x</integer></dict></plist>",
        "<?xml version='1.0'?><plist><dict><key>a</key><date>soon</date></dict></plist>",
        "<?xml version='1.0'?><plist><dict><key>a</key><data>A</data></dict></plist>",
        "<?xml version='1.0'?><plist><dict><string>a</string></dict></plist>",
        "<?xml version='1.0'?><plist><dict><key>a</key><integer>" + "9" * 5000 + "</integer></dict></plist>",
        "<?xml version='1.0' encoding='nonsense'?><plist><dict/></plist>",
        "<?xml version='1.0'?><plist>" + "<array>" * 30_000,
        "bplist00\x00\x01",
        "x" * 3_000_000,
    ],
)
def test_broken_and_hostile_property_lists_are_unseen(text: str) -> None:
    assert isinstance(plists.read_plist(text), Unseen)


@given(st.text(alphabet="<>/&;!?plistdcarykng \n\"'=0123", max_size=200))
def test_no_property_list_raises(text: str) -> None:
    plists.read_plist(f"<?xml version='1.0'?><plist version='1.0'>{text}</plist>")
    plists.read_plists(text)


def test_several_property_lists_in_a_row() -> None:
    text = "".join(plistlib.dumps({"DeviceIdentifier": name}).decode() for name in ("disk0", "disk1"))
    assert [one["DeviceIdentifier"] for one in plists.read_plists(text).seen()] == ["disk0", "disk1"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [("aes-256-gcm", ("aes", "gcm", 256)), ("on", ("on", "on", None)), ("aes-x-y", ("aes", "y", None))],
)
def test_zfs_methods(value: str, expected: tuple[str, str, int | None]) -> None:
    method = zfs.method_of(value)
    assert (method.cipher, method.mode, method.key_bits) == expected
