"""Disks of the inventory: recorded answers, the line in the device list, and what the snippet touches on the way."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from scorecard.disk_space import LONGEST, Space, Spaces, read, write
from scorecard.model import Observation, Outcome, Platform, Seen, Unseen
from scorecard.registry import Registry
from tests import cases

TOPIC = Registry.load().by_id["inventory"]
FILES = [
    file for file in sorted((cases.FACTS / "inventory").glob("*/*.yaml")) if "disks" in yaml.safe_load(file.read_text())
]
SHELLS = (["dash"], ["bash"], ["busybox", "sh"])


def portrait(facts: Any) -> str | None:
    assert TOPIC.portray is not None
    return TOPIC.portray(facts)["disks"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_a_recorded_answer(file: Path) -> None:
    raw, case = yaml.safe_load(file.read_text(encoding="utf-8")), cases.load_case(file)
    facts = TOPIC.parse(case.observations, case.host)
    assert portrait(facts) == raw["disks"]
    if raw["disks"] is None:
        assert isinstance(facts.disks, Unseen)
        assert raw["unseen"] in facts.disks.reason
    else:
        found = read(raw["disks"])
        assert found is not None
        assert [space.mount for space in found.listed] == [disk.mount for disk in facts.disks.seen()]


def test_there_are_recorded_answers_of_every_kind_for_every_platform() -> None:
    for platform in Platform:
        stems = {file.stem for file in FILES if file.parent.name == platform}
        assert stems >= {"disks", "disks-absent", "disks-denied", "disks-truncated", "disks-garbage"}


def test_a_disk_that_was_not_read_says_why() -> None:
    case = cases.load_case(cases.FACTS / "inventory" / "windows" / "disks-one-locked.yaml")
    locked = TOPIC.parse(case.observations, case.host).disks.seen()[1]
    assert (
        locked.size_bytes == Unseen("Windows tells no size of E:: it may be locked") or "locked" in locked.size_bytes.reason
    )
    assert locked.free_bytes == locked.size_bytes


@settings(max_examples=200, deadline=None)
@given(platform=st.sampled_from(list(Platform)), text=st.text(max_size=200), line=st.text(max_size=60))
def test_noise_is_never_a_disk_with_sizes_that_were_not_told(platform: Platform, text: str, line: str) -> None:
    said = f"{text}\nfs\text4\t/dev/sda1\t/\t{line}\nmounts\t3"
    observation = Observation("inventory.disks", Outcome.OK, said, 0, 1)
    disks = TOPIC.parse({"inventory.disks": observation}, cases.host(platform)).disks
    for disk in disks.value if isinstance(disks, Seen) else ():
        assert isinstance(disk.size_bytes, Unseen) or disk.size_bytes.value >= disk.free_bytes.seen() >= 0


# --- the line ------------------------------------------------------------------------------------------------------


SPACES = st.builds(
    lambda mount, size, free: Space(mount, size, None if size is None else min(free, size)),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30),
    st.none() | st.integers(1, 2**60),
    st.integers(0, 2**60),
)


@settings(max_examples=300, deadline=None)
@given(disks=st.lists(SPACES, max_size=8))
def test_the_line_is_read_back_as_it_was_written(disks: Sequence[Space]) -> None:
    line = write(disks)
    assert len(line) <= LONGEST
    assert line.isprintable()
    found = read(line)
    assert found is not None
    assert len(found.listed) + found.more == len(disks)
    for before, after in zip(disks, found.listed, strict=False):
        assert after.mount == before.mount
        assert (after.size_bytes is None) == (before.size_bytes is None)
        if before.size_bytes is not None and after.size_bytes is not None:
            assert abs(before.size_bytes - after.size_bytes) <= 2**30 / 1000
    assert write(found.listed) == line or found.more


def test_disks_that_do_not_fit_are_counted() -> None:
    disks = [Space(f"/srv/a-rather-long-name-of-a-share-{number}", 2**40, 2**39) for number in range(20)]
    found = read(write(disks))
    assert found is not None
    assert (len(found.listed), found.more) == (7, 13)


@pytest.mark.parametrize(
    "text", ["", "nothing", "/ 1.0 of 2.0 GB free", "/ 1.000 of 2.000 GB free;", "and 3", "1.000 of 2.000 GB free"]
)
def test_what_is_not_such_a_line_is_not_read(text: str) -> None:
    assert read(text) is None


def test_no_disk_is_not_an_unread_one() -> None:
    assert read(write([])) == Spaces()
    assert read("and 3 more") == Spaces((), 3)


# --- the snippet ---------------------------------------------------------------------------------------------------

MOUNTS = r"""
proc /proc proc rw 0 0
/dev/sda1 / ext4 rw,relatime 0 0
/dev/sda1 /var/lib/bound ext4 rw,relatime 0 0
/dev/sda2 /boot/efi vfat rw 0 0
/dev/sdb1 @/a\040b xfs rw 0 0
/dev/sdc1 @/readonly ext4 ro 0 0
/dev/sdd1 @/hidden ext4 rw 0 0
nas:/share @/hidden nfs4 rw 0 0
nas:/home @/nfs nfs rw 0 0
/dev/sde1 @/nfs/below ext4 rw 0 0
//nas/c @/cifs cifs rw 0 0
sshfs @/ssh fuse.sshfs rw 0 0
/dev/loop3 @/snap ext4 rw 0 0
tmpfs @/run tmpfs rw 0 0
/dev/sdf1 @/run/disk btrfs rw,subvol=/a 0 0
/dev/sdf1 @/run/disk/deeper btrfs rw,subvol=/b 0 0
"""


def program(folder: Path, name: str, code: str) -> Path:
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_text(f"#!/bin/sh\n{code}\n", encoding="utf-8")
    file.chmod(0o755)
    return file


def snippet(platform: Platform, **places: Path) -> str:
    """The part's text with some of the system's places replaced by others."""
    text = next(probe.text for probe in TOPIC.probes_for(platform) if probe.part == "inventory.disks")
    for place, other in places.items():
        assert place in text
        text = text.replace(place, str(other))
    return "absent() { exit 127; }\n" + text


def answered(shell: list[str], code: str, programs: Path | None = None) -> str:
    path = f"{programs}:{os.environ['PATH']}" if programs else os.environ["PATH"]
    done = subprocess.run(
        [*shell, "-c", code], capture_output=True, text=True, check=True, env={"PATH": path, "LC_ALL": "C"}
    )
    assert done.stderr == ""
    return done.stdout


def disks_of(said: str, platform: Platform = Platform.LINUX) -> dict[str, Any]:
    observation = Observation("inventory.disks", Outcome.OK, said, 0, 1)
    facts = TOPIC.parse({"inventory.disks": observation}, cases.host(platform))
    return {disk.mount: disk.size_bytes for disk in facts.disks.seen()}


@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
def test_only_local_file_systems_are_touched_and_each_once(shell: list[str], tmp_path: Path) -> None:
    """With a table of mounts of our own, and a df that notes what it is asked."""
    asked, programs = tmp_path / "asked", tmp_path / "bin"
    program(programs, "df", f'echo "$3" >>"{asked}"\necho header\necho "/dev/x 100 50 50 50% $3"')
    table = tmp_path / "mounts"
    table.write_text(MOUNTS.lstrip().replace("@", str(tmp_path)), encoding="utf-8")
    said = answered(shell, snippet(Platform.LINUX, **{"/proc/self/mounts": table}), programs)
    expected = ["/", f"{tmp_path}/a b", f"{tmp_path}/run/disk"]
    assert sorted(asked.read_text(encoding="utf-8").splitlines()) == expected
    assert disks_of(said) == dict.fromkeys(expected, Seen(102_400))


@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
def test_what_hangs_on_a_cable_is_not_the_machines_own(shell: list[str], tmp_path: Path) -> None:
    devices, blocks = tmp_path / "devices", tmp_path / "block"
    blocks.mkdir()
    for name, place in {
        "inside1": "pci0/ata1/inside/inside1",
        "stick1": "pci0/usb1/1-2/stick/stick1",
        "card1": "pci0/mmc/card/card1",
        "dm-0": "virtual/block/dm-0",
        "dm-1": "virtual/block/dm-1",
    }.items():
        (devices / place).mkdir(parents=True)
        (blocks / name).symlink_to(devices / place)
    (devices / "pci0/mmc/card/removable").write_text("1\n", encoding="utf-8")
    for name, below in {"dm-0": "stick1", "dm-1": "inside1"}.items():
        (devices / f"virtual/block/{name}/slaves").mkdir()
        (devices / f"virtual/block/{name}/slaves/{below}").symlink_to(blocks / below)
    table = tmp_path / "mounts"
    mounts = {"stick1": "/", "inside1": "/srv", "card1": "/card", "dm-0": "/vault", "dm-1": "/home"}
    table.write_text("".join(f"/dev/{name} {place} ext4 rw 0 0\n" for name, place in mounts.items()), encoding="utf-8")
    program(tmp_path / "bin", "df", 'echo "/dev/x 100 50 50 50% $3"')
    program(tmp_path / "bin", "readlink", 'echo "$2"')
    code = snippet(Platform.LINUX, **{"/proc/self/mounts": table, "/sys/class/block": blocks})
    assert list(disks_of(answered(shell, code, tmp_path / "bin"))) == ["/", "/home", "/srv"]


@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
def test_a_pool_is_asked_once_for_all_its_data_sets(shell: list[str], tmp_path: Path) -> None:
    table, asked = tmp_path / "mounts", tmp_path / "asked"
    sets = {"rpool/ROOT/debian": "/", "rpool/home": "/home", "tank": "/tank", "tank/a": "/tank/a"}
    table.write_text("".join(f"{name} {place} zfs rw,xattr 0 0\n" for name, place in sets.items()), encoding="utf-8")
    program(tmp_path / "bin", "zfs", f'echo "$*" >>"{asked}"\nprintf "1024\\t3072\\n"')
    said = answered(shell, snippet(Platform.LINUX, **{"/proc/self/mounts": table}), tmp_path / "bin")
    assert asked.read_text(encoding="utf-8").splitlines() == [
        "list -Hp -o used,available rpool",
        "list -Hp -o used,available tank",
    ]
    assert disks_of(said) == {"/": Seen(4096), "/tank": Seen(4096)}


@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
def test_this_machine_answers_in_every_shell(shell: list[str]) -> None:
    for mount, size in disks_of(answered(shell, snippet(Platform.LINUX))).items():
        shown = os.statvfs(mount)
        assert size == Seen(shown.f_blocks * shown.f_frsize // 1024 * 1024)


@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
def test_a_mac_is_asked_only_of_places_under_volumes_whether_they_are_built_in(shell: list[str], tmp_path: Path) -> None:
    """The Mac's programs stand in for themselves here: what they print is that of a recorded answer."""
    recorded = cases.load_case(cases.FACTS / "inventory" / "macos" / "disks.yaml").observations["inventory.disks"].text
    shown = {
        kind: "\n".join(line.partition(" ")[2] for line in recorded.splitlines() if line.startswith(f"{kind}:"))
        for kind in ("mount", "df")
    }
    places: dict[str, Path] = {}
    for place, kind in {"/sbin/mount": "mount", "/bin/df": "df"}.items():
        places[place] = program(tmp_path, kind, f"cat <<'END'\n{shown[kind]}\nmap auto_home 0 0 0 100% /home\nEND")
    asked = tmp_path / "asked"
    plist = "<key>Internal</key>\n\t<{}/>\n\t<key>Other</key>\n\t<true/>"
    places["/usr/sbin/diskutil"] = program(
        tmp_path,
        "diskutil",
        f'echo "$3" >>"{asked}"\ncase $3 in *6s2) cat <<"END"\n{plist.format("true")}\nEND\n;;\n'
        f'*) cat <<"END"\n{plist.format("false")}\nEND\n;; esac',
    )
    said = answered(shell, snippet(Platform.MACOS, **places))
    assert asked.read_text(encoding="utf-8").splitlines() == ["/dev/disk4s1", "/dev/disk5s2", "/dev/disk6s2"]
    assert list(disks_of(said, Platform.MACOS)) == ["/", "/Volumes/Second"]
