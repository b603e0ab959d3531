"""Disk encryption asked of real devices: dm-crypt, LVM, md and btrfs on memory-backed disks, as their own root.

Each layout is built on `null_blk` disks (which look like ordinary fixed disks, unlike loop devices), mounted as the root
of a mount namespace of its own, and asked with the real bundle. Everything made here is taken down again in reverse.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from scorecard.bundle import Bundle, new_marker, parse_reply
from scorecard.errors import FactUnavailable
from scorecard.model import Host, Observation, Platform, Unseen, Verdict, unknown
from scorecard.registry import Registry
from scorecard.topic import Parameters, Topic
from tests.cases import host

_TOOLS = ("cryptsetup", "dmsetup", "lvm", "mdadm", "mkfs.ext4", "mkfs.btrfs", "veritysetup", "unshare", "setpriv", "sfdisk")
_CONFIG = Path("/sys/kernel/config/nullb")
_MODULES = ("dm-crypt", "dm-verity", "raid1", "btrfs", "xts", "loop")
_CHEAP = ("--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000", "--batch-mode")
_SECRET = "correct horse battery staple"
_ENVIRONMENT = {**os.environ, "LC_ALL": "C", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
if not Path("/run/udev/control").exists():
    _ENVIRONMENT["DM_DISABLE_UDEV"] = "1"  # nobody is there who would answer


def _why_not() -> str | None:
    """Why these tests cannot run here, None where they can."""
    if os.geteuid() != 0:
        return "real devices need root"
    missing = [tool for tool in _TOOLS if shutil.which(tool, path=_ENVIRONMENT["PATH"]) is None]
    if missing:
        return f"not installed: {', '.join(missing)}"
    for module in _MODULES:
        subprocess.run(["modprobe", "-q", module], check=False, env=_ENVIRONMENT)
    subprocess.run(["modprobe", "-q", "null_blk", "nr_devices=0"], check=False, env=_ENVIRONMENT)
    targets = subprocess.run(["dmsetup", "targets"], capture_output=True, text=True, check=False, env=_ENVIRONMENT)
    if "crypt" not in targets.stdout:
        return "this kernel has no dm-crypt"
    if not _CONFIG.is_dir():
        return "this kernel has no null_blk disks that can be made at run time"
    return None


@pytest.fixture(scope="module", autouse=True)
def _needs_real_devices() -> None:
    if reason := _why_not():
        pytest.skip(reason)


def run(*command: str, text: str | None = None) -> str:
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False, env=_ENVIRONMENT)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr or done.stdout}"
    return done.stdout


@dataclass(frozen=True)
class Answer:
    """What the machine said, and what became of it."""

    topic: Topic
    host: Host
    observations: dict[str, Observation]

    @property
    def facts(self) -> Any:
        return self.topic.parse(self.observations, self.host)

    def verdict(self, noun: str) -> Verdict:
        check = next(check for check in self.topic.checks if check.id == f"disk-encryption.{noun}")
        try:
            return check.rule(self.facts, self.host, Parameters(check.defaults()))
        except FactUnavailable as error:
            return unknown(error.reason)

    def state(self, name: str) -> str:
        """The state of one volume; "unseen" where it was not seen, "absent" where it was not listed."""
        for volume in self.facts.volumes.seen():
            if volume.name == name:
                return "unseen" if isinstance(volume.state, Unseen) else str(volume.state.value)
        return "absent"


def _disks() -> set[str]:
    return {path.name for path in Path("/sys/block").iterdir()}


class Lab:
    """Makes disks and layers, and takes down exactly what it made."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self.root = folder / "root"
        self.stack = stack
        self.tag = uuid.uuid4().hex[:8]
        (folder / "empty").mkdir()
        self.root.mkdir()
        self.key = folder / "key"
        self.key.write_text(_SECRET)
        self.topic = Registry.load().by_id["disk-encryption"]
        self.swaps: list[str] = []
        self._count = 0

    def name(self, word: str) -> str:
        self._count += 1
        return f"sc{self.tag}{word}{self._count}"

    def disk(self, mebibytes: int = 64) -> str:
        """A memory-backed fixed disk."""
        before = _disks()
        folder = _CONFIG / self.name("d")
        folder.mkdir()
        self.stack.callback(folder.rmdir)
        for key, value in (("size", mebibytes), ("memory_backed", 1), ("power", 1)):
            (folder / key).write_text(str(value))
        self.stack.callback((folder / "power").write_text, "0")
        (made,) = _disks() - before
        return f"/dev/{made}"

    def luks(self, device: str, *options: str, version: str = "luks2") -> str:
        run("cryptsetup", "luksFormat", "--type", version, *_CHEAP, *options, device, str(self.key))
        return device

    def open(self, device: str, *options: str) -> str:
        name = self.name("c")
        run("cryptsetup", "open", *options, "--key-file", str(self.key), device, name)
        self.stack.callback(run, "cryptsetup", "close", name)
        return f"/dev/mapper/{name}"

    def encrypted(self, mebibytes: int = 64, **options: str) -> str:
        return self.open(self.luks(self.disk(mebibytes), **options))

    def group(self, *members: str) -> str:
        """A volume group; logical volumes in it go with it."""
        name = self.name("vg")
        config = ["--config", 'devices { types = ["nullb", 16] scan = "/dev" } activation { udev_sync = 0 udev_rules = 0 }']
        run("lvm", "vgcreate", *config, "-y", name, *members)
        self.stack.callback(run, "lvm", "vgremove", *config, "-f", "-y", name)
        return name

    def logical(self, group: str, mebibytes: int, *options: str) -> str:
        name = self.name("lv")
        config = ["--config", 'devices { types = ["nullb", 16] scan = "/dev" } activation { udev_sync = 0 udev_rules = 0 }']
        run("lvm", "lvcreate", *config, "-y", "-Zn", "-Wn", "-L", f"{mebibytes}M", "-n", name, *options, group)
        return f"/dev/mapper/{group}-{name}"

    def mirror(self, *members: str) -> str:
        device = f"/dev/md/{self.name('md')}"
        run(
            *("mdadm", "--create", device, "--run", "--level=1", "--metadata=1.2", "--assume-clean"),
            *(f"--raid-devices={len(members)}", *members),
        )
        self.stack.callback(run, "mdadm", "--stop", device)
        return os.path.realpath(device)

    def swap(self, device: str) -> str:
        """Swap that the machine turns on when it is asked, so that it is seen from there."""
        run("mkswap", device)
        self.swaps.append(device)
        return f"swap {os.path.realpath(device)}"

    def filesystem(self, device: str, kind: str = "ext4", *more: str) -> str:
        run(f"mkfs.{kind}", "-q" if kind == "ext4" else "-f", device, *more)
        return device

    def ask(self, root: str, *mounts: tuple[str, str], files: dict[str, str] | None = None, user: int = 0) -> Answer:
        """Mount `root` as "/" of a namespace of its own, with more mounts (device, point), and ask it there."""
        script = [f"set -e; r={self.root}", f"mount {root} $r"]
        for device, point in mounts:
            script.append(f"mkdir -p $r{point}; mount {device} $r{point}")
        script.append("mkdir -p $r/proc $r/sys $r/dev $r/run $r/tmp $r/etc; cp /etc/passwd /etc/group $r/etc")
        # The tools come from an overlay, which is no volume; a bind mount would show this machine's own disk.
        for place in ("usr", "bin", "sbin", "lib", "lib64", "etc/alternatives"):
            if (source := Path("/", place)).is_symlink():
                script.append(f"ln -sfn {source.readlink()} $r/{place}")
            elif source.is_dir():
                lower = f"lowerdir=/{place}:{self.folder / 'empty'}"
                script.append(f"mkdir -p $r/{place}; mount -t overlay overlay -o {lower} $r/{place}")
        for place in ("proc", "sys", "dev"):
            script.append(f"mount --rbind /{place} $r/{place}")
        for name, content in (files or {}).items():
            script.append(f"mkdir -p $(dirname $r{name}); printf '%s' '{content}' >$r{name}")
        for device in self.swaps:
            script.append(f"chroot $r swapon {device}")
            self.stack.callback(run, "swapoff", device)
        who = f"setpriv --reuid {user} --regid {user} --clear-groups" if user else ""
        script.append(f"exec chroot $r {who} sh -s")
        marker = new_marker()
        # An emulated or busy machine is slow, and slowness is not what is tested here.
        patient = tuple(replace(probe, limit_s=300) for probe in self.topic.probes_for(Platform.LINUX))
        asked = Bundle(patient, Platform.LINUX).script(marker)
        done = subprocess.run(
            ["unshare", "--mount", "--propagation", "private", "sh", "-c", "\n".join(script)],
            input=asked.encode(),
            capture_output=True,
            check=False,
            env=_ENVIRONMENT,
        )
        reply = parse_reply(done.stdout, marker, datetime.now(UTC))
        assert reply.complete, done.stderr.decode()
        assert done.stderr == b""
        return Answer(self.topic, host(Platform.LINUX), dict(reply.observations))


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with ExitStack() as stack:
        yield Lab(tmp_path, stack)


def test_lvm_in_luks_with_swap_inside(lab: Lab) -> None:
    group = lab.group(lab.encrypted(128))
    root, swap = lab.filesystem(lab.logical(group, 64)), lab.swap(lab.logical(group, 16))
    answer = lab.ask(root)
    assert (answer.state("/"), answer.state(swap)) == ("encrypted", "encrypted")
    assert answer.verdict("system-volume").status == "pass"
    assert answer.verdict("method").status == "pass"
    assert "aes-xts-plain64, 256 bits" in answer.verdict("method").measured


def test_luks_in_lvm(lab: Lab) -> None:
    group = lab.group(lab.disk(128))
    root = lab.filesystem(lab.open(lab.luks(lab.logical(group, 64))))
    spare = lab.filesystem(lab.logical(group, 16))
    answer = lab.ask(root)
    assert answer.state("/") == "encrypted"
    # The rest of the group is clear, and a file system that nobody mounted lies in it.
    assert answer.state(Path(spare).name) == "plain"
    assert answer.verdict("data-volumes").status == "fail"


def test_a_group_over_an_encrypted_and_a_clear_disk_is_partly_encrypted(lab: Lab) -> None:
    clear = lab.disk(64)
    group = lab.group(lab.encrypted(64), clear)
    answer = lab.ask(lab.filesystem(lab.logical(group, 80)))
    assert answer.state("/") == "partly"
    verdict = answer.verdict("system-volume")
    assert verdict.status == "fail"
    assert Path(clear).name in verdict.measured


def test_mirror_of_two_luks_disks_and_of_two_clear_ones(lab: Lab) -> None:
    safe = lab.filesystem(lab.mirror(lab.encrypted(), lab.encrypted(version="luks1")))
    clear = lab.filesystem(lab.mirror(lab.disk(), lab.disk()))
    answer = lab.ask(safe, (clear, "/srv"))
    assert (answer.state("/"), answer.state("/srv")) == ("encrypted", "plain")
    assert answer.verdict("data-volumes").status == "fail"


def test_a_partition_of_a_mirror_lies_on_what_the_mirror_lies_on(lab: Lab) -> None:
    whole = lab.mirror(lab.encrypted(96), lab.encrypted(96))
    run("sfdisk", "--quiet", whole, text="label: gpt\nsize=64M\n")
    answer = lab.ask(lab.filesystem(f"{whole}p1"))
    assert answer.state("/") == "encrypted"


def test_clear_swap_beside_an_encrypted_root(lab: Lab) -> None:
    swap = lab.swap(lab.disk(16))
    answer = lab.ask(lab.filesystem(lab.encrypted()))
    assert (answer.state("/"), answer.state(swap)) == ("encrypted", "plain")
    assert answer.verdict("system-volume").status == "fail"


def test_swap_with_a_random_key_and_no_header(lab: Lab) -> None:
    name = lab.name("p")
    run(
        "cryptsetup",
        "open",
        "--type",
        "plain",
        "--cipher",
        "aes-xts-plain64",
        "--key-size",
        "512",
        "--key-file",
        "/dev/urandom",
        lab.disk(16),
        name,
    )
    lab.stack.callback(run, "cryptsetup", "close", name)
    swap = lab.swap(f"/dev/mapper/{name}")
    answer = lab.ask(lab.filesystem(lab.encrypted()))
    assert answer.state(swap) == "encrypted"
    assert answer.verdict("system-volume").status == "pass"


def test_swap_file_is_as_safe_as_its_file_system(lab: Lab) -> None:
    device = lab.filesystem(lab.encrypted(96))
    folder = lab.folder / "elsewhere"
    folder.mkdir()
    run("mount", device, str(folder))
    lab.stack.callback(run, "umount", str(folder))
    file = folder / "swapfile"
    run("dd", "if=/dev/zero", f"of={file}", "bs=1M", "count=16", "status=none")
    file.chmod(0o600)
    lab.swap(str(file))
    answer = lab.ask(device, (device, str(folder)))
    assert answer.state(f"swap {file}") == "encrypted"


def test_a_cipher_that_encrypts_nothing(lab: Lab) -> None:
    answer = lab.ask(lab.filesystem(lab.open(lab.luks(lab.disk(), "--cipher", "null"))))
    assert answer.state("/") == "plain"
    assert "its cipher encrypts nothing" in answer.verdict("system-volume").measured


@pytest.mark.parametrize(
    ("options", "state", "status"),
    [(("--encrypt", "--reduce-device-size", "32M"), "converting", "warn"), ((), "converting", "warn")],
    ids=["encrypted-in-place", "encrypted-anew"],
)
def test_conversion_under_way(lab: Lab, options: tuple[str, ...], state: str, status: str) -> None:
    device, name = lab.disk(128), lab.name("r")
    if options:
        lab.filesystem(device)
        run("resize2fs", device, "64M")
        run(
            "cryptsetup",
            "reencrypt",
            *options,
            *_CHEAP,
            "--type",
            "luks2",
            "--key-file",
            str(lab.key),
            "--init-only",
            device,
            name,
        )
        lab.stack.callback(run, "cryptsetup", "close", name)
        opened = f"/dev/mapper/{name}"
    else:
        opened = lab.filesystem(lab.open(lab.luks(device)))
        run("cryptsetup", "reencrypt", "--batch-mode", "--key-file", str(lab.key), "--init-only", device)
    answer = lab.ask(opened)
    assert answer.state("/") == state
    assert answer.verdict("system-volume").status == status
    assert answer.verdict("recovery-key").status == "unknown"


def test_decryption_under_way(lab: Lab) -> None:
    device = lab.luks(lab.disk(128))
    opened = lab.filesystem(lab.open(device))
    header = lab.folder / "header"
    run(
        "cryptsetup",
        "reencrypt",
        "--decrypt",
        "--batch-mode",
        "--key-file",
        str(lab.key),
        "--header",
        str(header),
        "--init-only",
        device,
    )
    answer = lab.ask(opened)
    # The header has moved to a file, so only the mapping itself can be asked: it is never called encrypted and done.
    assert answer.state("/") != "plain"
    assert answer.verdict("system-volume").status != "pass" or answer.state("/") == "encrypted"


def test_verity_protects_nothing_from_being_read(lab: Lab) -> None:
    data, hashes, name = lab.filesystem(lab.disk(), "ext4", "-b", "4096"), lab.disk(16), lab.name("v")
    root_hash = next(
        line.split()[-1] for line in run("veritysetup", "format", data, hashes).splitlines() if "Root hash" in line
    )
    run("veritysetup", "open", data, name, hashes, root_hash)
    lab.stack.callback(run, "veritysetup", "close", name)
    answer = lab.ask(lab.filesystem(lab.encrypted()), (f"-o ro,noload /dev/mapper/{name}", "/mnt"))
    assert answer.state("/mnt") == "plain"


def test_btrfs_over_an_encrypted_and_a_clear_disk(lab: Lab) -> None:
    both = lab.filesystem(lab.encrypted(160), "btrfs", lab.encrypted(160))
    mixed = lab.filesystem(lab.encrypted(160), "btrfs", lab.disk(160))
    answer = lab.ask(both, (mixed, "/srv"))
    assert (answer.state("/"), answer.state("/srv")) == ("encrypted", "partly")


def test_disks_that_nothing_uses(lab: Lab) -> None:
    locked, clear, blank, swap = lab.luks(lab.disk()), lab.filesystem(lab.disk()), lab.disk(), lab.disk(16)
    run("mkswap", swap)
    answer = lab.ask(lab.filesystem(lab.encrypted()))
    assert [answer.state(Path(device).name) for device in (locked, clear, blank, swap)] == [
        "locked",
        "plain",
        "absent",
        "plain",
    ]
    assert "ext4, not mounted" in answer.verdict("data-volumes").measured


def test_boot_partitions_are_listed_and_not_judged(lab: Lab) -> None:
    disk = lab.disk(160)
    esp = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"
    run("sfdisk", "--quiet", disk, text=f"label: gpt\nsize=34M,type={esp}\nsize=32M\nsize=64M\n")
    boot, rest = (
        lab.filesystem(f"{disk}p2" if disk[-1].isdigit() else f"{disk}2"),
        f"{disk}p3" if disk[-1].isdigit() else f"{disk}3",
    )
    answer = lab.ask(lab.filesystem(lab.open(lab.luks(rest))), (boot, "/boot"))
    purposes = {volume.name: str(volume.purpose) for volume in answer.facts.volumes.seen()}
    assert purposes["/boot"] == "boot"
    assert "/boot" in answer.verdict("data-volumes").measured


def test_a_mapping_made_by_hand(lab: Lab) -> None:
    name, disk = lab.name("h"), lab.disk()
    sectors = Path(f"/sys/block/{Path(disk).name}/size").read_text().strip()
    run("dmsetup", "create", name, "--table", f"0 {sectors} crypt aes-xts-plain64 {'5a' * 64} 0 {disk} 0")
    lab.stack.callback(run, "dmsetup", "remove", name)
    root = lab.filesystem(f"/dev/mapper/{name}")
    answer = lab.ask(root)
    assert answer.state("/") == "encrypted"
    assert not any("5a5a" in observation.text for observation in answer.observations.values())


def test_file_used_as_a_disk(lab: Lab) -> None:
    root = lab.filesystem(lab.encrypted(128))
    folder = lab.folder / "images"
    folder.mkdir()
    run("mount", root, str(folder))
    lab.stack.callback(run, "umount", str(folder))
    image = folder / "image"
    run("dd", "if=/dev/zero", f"of={image}", "bs=1M", "count=32", "status=none")
    loop = run("losetup", "--find", "--show", str(image)).strip()
    lab.stack.callback(run, "losetup", "--detach", loop)
    answer = lab.ask(root, (root, str(folder)), (lab.filesystem(loop), "/mnt"))
    assert answer.state("/mnt") == "encrypted"


def test_key_file_on_a_clear_disk(lab: Lab) -> None:
    root, opened = lab.filesystem(lab.disk()), lab.filesystem(lab.encrypted())
    crypttab = f"{Path(opened).name} /dev/null /root/key luks\n# a comment\nother /dev/null topsecret keyscript=/bin/echo\n"
    answer = lab.ask(root, (opened, "/home"), files={"/etc/crypttab": crypttab, "/root/key": "x"})
    assert (answer.state("/"), answer.state("/home")) == ("plain", "exposed")
    # Encrypted with the key beside it is nothing to be called "only /home is encrypted".
    assert "only" not in answer.verdict("system-volume").measured
    assert not any("topsecret" in observation.text for observation in answer.observations.values())


def test_recovery_is_counted_from_slots_and_tokens(lab: Lab) -> None:
    device = lab.luks(lab.disk())
    root = lab.filesystem(lab.open(device))
    assert lab.ask(root).verdict("recovery-key").status == "fail"
    second = lab.folder / "second"
    second.write_text("another passphrase")
    run("cryptsetup", "luksAddKey", *_CHEAP, "--key-file", str(lab.key), device, str(second))
    verdict = lab.ask(root).verdict("recovery-key")
    assert (verdict.status, "second passphrase" in verdict.measured) == ("warn", True)
    run("cryptsetup", "token", "import", device, text='{"type":"systemd-recovery","keyslots":["1"]}')
    verdict = lab.ask(root).verdict("recovery-key")
    assert (verdict.status, "recovery key" in verdict.measured) == ("warn", True)


def test_without_root_the_state_is_seen_and_the_rest_is_unknown(lab: Lab) -> None:
    answer = lab.ask(lab.filesystem(lab.encrypted()), user=65534)
    assert answer.state("/") == "encrypted"
    statuses = {noun: str(answer.verdict(noun).status) for noun in ("system-volume", "recovery-key", "method")}
    assert statuses == {"system-volume": "pass", "recovery-key": "unknown", "method": "unknown"}
    assert answer.observations["disk-encryption.luks"].outcome == "denied"


def test_no_key_material_leaves_the_machine(lab: Lab) -> None:
    disks = [lab.luks(lab.disk()), lab.luks(lab.disk(), version="luks1")]
    root, other = (lab.filesystem(lab.open(disk)) for disk in disks)
    answer = lab.ask(root, (other, "/srv"))
    said = "\n".join(observation.text for observation in answer.observations.values())
    secrets = {_SECRET}
    for disk in disks:
        for line in run("cryptsetup", "luksDump", disk).splitlines():
            words = line.split()
            secrets.update(
                " ".join(words[start : start + 4])
                for start in range(len(words) - 7)
                if all(len(w) == 2 for w in words[start : start + 4])
            )
    for line in run("dmsetup", "table", "--showkeys").splitlines():
        secrets.update(word for word in line.split() if len(word) >= 64 and set(word) <= set("0123456789abcdef"))
    assert len(secrets) > 20
    assert [secret for secret in secrets if secret in said or secret.replace(" ", "") in said] == []
