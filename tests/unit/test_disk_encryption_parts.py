"""The shell parts of disk encryption, run for real in several shells over a made-up /sys in a mount namespace.

What real devices say is in tests/integration/test_disk_encryption_devices.py; here are shapes that few machines have, and
the promise that salts, digests and keys are cut off on the machine itself.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scorecard.bundle import Bundle, new_marker, parse_reply
from scorecard.model import Observation, Outcome, Platform
from scorecard.registry import Registry
from tests.rig.required import cannot_run

TOPIC = Registry.load().by_id["disk-encryption"]

# As cryptsetup 2.6.1 prints them, with digits that would be recognised anywhere.
LUKS2 = """\
LUKS header information
Version:       \t2
Epoch:         \t58
Metadata area: \t16384 [bytes]
UUID:          \t794bbec1-6c54-46da-9a8a-5bcc0ac8a2b8
Label:         \t(no label)
Requirements:\tonline-reencrypt-v2

Data segments:
  0: crypt
\toffset: 16777216 [bytes]
\tlength: 27262976 [bytes]
\tcipher: aes-xts-plain64
\tsector: 512 [bytes]

  1: linear
\toffset: 44040192 [bytes]
\tlength: (whole device)

  2: crypt
\toffset: 16777216 [bytes]
\tlength: (whole device)
\tcipher: serpent-xts-plain64
\tsector: 512 [bytes]
\tflags : backup-final

Keyslots:
  0: luks2
\tKey:        512 bits
\tPriority:   normal
\tCipher:     aes-xts-plain64
\tCipher key: 512 bits
\tPBKDF:      argon2id
\tSalt:       de ad be ef 5a 17 de ad be ef 5a 17 de ad be ef
\t            5a 17 de ad be ef 5a 17 de ad be ef 5a 17 de ad
\tAF stripes: 4000
\tDigest ID:  0
  1: luks2 (unbound)
\tKey:        512 bits
\tSalt:       de ad be ef 5a 17 de ad be ef 5a 17 de ad be ef
  2: reencrypt (unbound)
\tKey:        8 bits
\tMode:       encrypt
\tDirection:  backward
Tokens:
  0: systemd-tpm2
\ttpm2-hash-pcrs:   7
\ttpm2-blob:        de ad be ef 5a 17
\ttpm2-policy-hash:
\t            de ad be ef 5a 17
\ttpm2-pin:         true
\tKeyslot:    0
Digests:
  0: pbkdf2
\tHash:       sha256
\tSalt:       de ad be ef 5a 17 de ad be ef 5a 17 de ad be ef
\tDigest:     de ad be ef 5a 17 de ad be ef 5a 17 de ad be ef
"""
LUKS1 = """\
LUKS header information for /dev/sdb

Version:       \t1
Cipher name:   \taes
Cipher mode:   \txts-plain64
Hash spec:     \tsha256
Payload offset:\t4096
MK bits:       \t512
MK digest:     \tde ad be ef 5a 17 de ad be ef 5a 17 de ad be ef 5a 17 de ad
MK salt:       \tde ad be ef 5a 17 de ad be ef 5a 17 de ad be ef
               \t5a 17 de ad be ef 5a 17 de ad be ef 5a 17 de ad
UUID:          \t10aef03e-738d-4110-a5ed-108987bcd45d

Key Slot 0: ENABLED
\tIterations:         \t1000
\tSalt:               \tde ad be ef 5a 17 de ad be ef 5a 17 de ad be ef
\tKey material offset:\t8
Key Slot 1: DISABLED
Key Slot 2: ENABLED
"""
KEY = "deadbeef5a17" * 10 + "deadbeef"
TABLE = f"""\
data: 0 376832 crypt aes-xts-plain64 {KEY} 0 8:16 4096
root: 0 1000 crypt aes-xts-plain64 :64:logon:cryptsetup:794bbec1-6c54-46da-9a8a-5bcc0ac8a2b8-d0 0 8:2 32768
root: 1000 2000 linear 8:2 33768
empty:
"""
CRYPTTAB = """\
# <target> <source> <key> <options>
root UUID=1 none luks,tpm2-device=auto,discard
swap /dev/sda3 /dev/urandom swap,cipher=aes-xts-plain64
data /dev/sdb /etc/keys/data.key luks
hidden /dev/sdc deadbeef5a17 luks,keyscript=/bin/echo
words /dev/sdd deadbeef5a17
"""

SHELLS = [("dash", "-s"), ("bash", "--posix", "-s"), ("busybox", "sh", "-s")]


class Fake:
    """A /sys, some tools and files; what the parts read is mounted over the real ones, for one run only."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("block", "tools", "etc"):
            (folder / name).mkdir()

    def device(self, name: str, **files: str) -> None:
        device = self.folder / "block" / name
        for key, value in {"size": "99999999", "removable": "0", **files}.items():
            place = device / key.replace("__", "/")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(value + "\n")
        for other in ("slaves", "holders"):
            (device / other).mkdir(parents=True, exist_ok=True)

    def stack(self, upper: str, *lower: str) -> None:
        for name in lower:
            (self.folder / "block" / upper / "slaves" / name).mkdir()
            (self.folder / "block" / name / "holders" / upper).symlink_to(self.folder / "block" / upper)

    def tool(self, name: str, body: str) -> None:
        file = self.folder / "tools" / name
        file.write_text(f"#!/bin/sh\n{body}\n")
        file.chmod(0o755)

    def ask(self, shell: tuple[str, ...], user: int = 0) -> dict[str, Observation]:
        if shutil.which(shell[0]) is None:
            cannot_run(f"{shell[0]} is not installed")
        marker = new_marker()
        script = Bundle(TOPIC.probes_for(Platform.LINUX), Platform.LINUX).script(marker)
        mounts = [f"mount --bind {self.folder}/block /sys/class/block", f"mount --bind {self.folder}/tools /usr/local/sbin"]
        if (self.folder / "etc" / "crypttab").exists():
            # /etc may be read-only and has no crypttab to mount over, so all of it goes under an overlay.
            mounts.append(f"mount -t overlay overlay -o lowerdir={self.folder}/etc:/etc /etc")
        who = f"setpriv --reuid {user} --regid {user} --clear-groups" if user else ""
        mounts.append(f"exec {who} {' '.join(shell)}")
        done = subprocess.run(
            ["unshare", "--mount", "--propagation", "private", "sh", "-c", " && ".join(mounts)],
            input=script.encode(),
            capture_output=True,
            check=False,
        )
        reply = parse_reply(done.stdout, marker, datetime.now(UTC))
        assert reply.complete, done.stderr.decode()
        assert done.stderr == b""
        return {part.partition(".")[2]: observation for part, observation in reply.observations.items()}


@pytest.fixture
def fake(tmp_path: Path) -> Fake:
    if os.geteuid() != 0 or not shutil.which("unshare") or not shutil.which("setpriv"):
        cannot_run("a mount namespace needs root, unshare and setpriv")
    if subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True).returncode:
        cannot_run("this machine allows no mount namespace")
    tmp_path.chmod(0o755)
    return Fake(tmp_path)


def _laptop(fake: Fake) -> None:
    fake.device("sda", dev="8:0", sda2__dev="8:2")
    fake.device("sda2", dev="8:2", partition="2")
    fake.device("sdb", dev="8:16")
    fake.device("sdc", dev="8:32")
    fake.device("dm-0", dev="254:0", dm__name="root", dm__uuid="CRYPT-LUKS2-794bbec16c5446da9a8a5bcc0ac8a2b8-root")
    fake.stack("dm-0", "sda2")
    (fake.folder / "luks1").write_text(LUKS1)
    (fake.folder / "luks2").write_text(LUKS2)
    (fake.folder / "table").write_text(TABLE)
    dumps = (("/dev/sda2", "luks2"), ("/dev/sdb", "luks1"))
    known = " ".join(f"'luksDump {disk}') cat {fake.folder}/{file} ;;" for disk, file in dumps)
    fake.tool("cryptsetup", f"case $* in {known} *) exit 1 ;; esac")
    fake.tool("dmsetup", f'[ "$*" = table ] && cat {fake.folder}/table')
    fake.tool(
        "blkid",
        "case $4 in /dev/sdc) echo 'UUID=1'; echo 'TYPE=ext4' ;; /dev/sdb) echo TYPE=crypto_LUKS ;; *) exit 2 ;; esac",
    )


@pytest.mark.parametrize("shell", SHELLS)
def test_the_tree_is_told_as_it_stands(fake: Fake, shell: tuple[str, ...]) -> None:
    _laptop(fake)
    fake.device("loop0", dev="7:0", loop__backing_file="/srv/a b\tc.img")
    lines = fake.ask(shell)["blocks"].text.split("\n")
    assert "dm-0\tslave\tsda2" in lines
    assert "sda2\tholder\tdm-0" in lines
    assert "sda2\tpartition\t2" in lines
    assert "dm-0\tdm-uuid\tCRYPT-LUKS2-794bbec16c5446da9a8a5bcc0ac8a2b8-root" in lines
    assert "loop0\tbacking\t/srv/a b\tc.img" in lines


@pytest.mark.parametrize("shell", SHELLS)
def test_of_headers_only_plain_facts_leave_the_machine(fake: Fake, shell: tuple[str, ...]) -> None:
    _laptop(fake)
    (fake.folder / "etc" / "crypttab").write_text(CRYPTTAB)
    answers = fake.ask(shell)
    assert answers["luks"].text.split("\n") == [
        "header\tsda2\t0",
        "luks\tsda2\tversion\t2",
        "luks\tsda2\tuuid\t794bbec1-6c54-46da-9a8a-5bcc0ac8a2b8",
        "luks\tsda2\trequires\tonline-reencrypt-v2",
        "luks\tsda2\tsegment\tcrypt",
        "luks\tsda2\tcipher\taes-xts-plain64",
        "luks\tsda2\tsegment\tlinear",
        "luks\tsda2\tslot\tluks2",
        "luks\tsda2\tbits\t512",
        "luks\tsda2\tbits\t512",
        "luks\tsda2\tbits\t8",
        "luks\tsda2\tmode\tencrypt",
        "luks\tsda2\ttoken\tsystemd-tpm2",
        "luks\tsda2\tpin\ttrue",
        "header\tsdb\t0",
        "luks\tsdb\tversion\t1",
        "luks\tsdb\tcipher\taes-xts-plain64",
        "luks\tsdb\tbits\t512",
        "luks\tsdb\tuuid\t10aef03e-738d-4110-a5ed-108987bcd45d",
        "luks\tsdb\tslot\tluks1",
        "luks\tsdb\tslot\tluks1",
        "header\tsdc\t1",
    ]
    assert answers["mappings"].text.split("\n") == [
        "target\tdata\t376832\tcrypt\taes-xts-plain64\t512",
        "target\troot\t1000\tcrypt\taes-xts-plain64\t512",
        "target\troot\t2000\tlinear",
    ]
    assert answers["crypttab"].text.split("\n") == [
        "entry\troot\tUUID=1\tnone\t,luks,tpm2-device",
        "entry\tswap\t/dev/sda3\t/dev/urandom\t,swap",
        "entry\tdata\t/dev/sdb\t/etc/keys/data.key\t,luks",
        "entry\thidden\t/dev/sdc\tscript\t,luks,keyscript",
        "entry\twords\t/dev/sdd\tother\t",
    ]
    assert answers["signatures"].text.split("\n") == [
        "probed\tsdb\t0",
        "found\tsdb\tTYPE\tcrypto_LUKS",
        "probed\tsdc\t0",
        "found\tsdc\tTYPE\text4",
    ]
    said = "".join(answer.text for answer in answers.values())
    assert "deadbeef" not in said
    assert "de ad be ef" not in said


@pytest.mark.parametrize("shell", SHELLS)
def test_without_rights_it_is_denied_and_not_empty(fake: Fake, shell: tuple[str, ...]) -> None:
    _laptop(fake)
    answers = fake.ask(shell, user=65534)
    for noun in ("luks", "mappings", "signatures"):
        assert answers[noun].outcome is Outcome.DENIED, noun
        assert answers[noun].text == "", noun
    assert answers["blocks"].outcome is Outcome.OK


def test_a_disk_that_cannot_be_read_is_not_blank(fake: Fake) -> None:
    fake.device("nosuchdisk", dev="250:0")
    fake.tool("blkid", "exit 2")
    assert fake.ask(("sh", "-s"))["signatures"].text.split("\n") == ["probed\tnosuchdisk\t1"]


def test_disks_in_use_are_not_probed(fake: Fake) -> None:
    """Mounted, in an array, or with partitions: probing them would tell nothing new and may wake or hang a disk."""
    number = next(
        line.split()[2] for line in Path("/proc/self/mountinfo").read_text().splitlines() if line.split()[4] == "/"
    )
    fake.device("mounted", dev=number)
    fake.device("sda", dev="8:0", sda1__dev="8:1")
    fake.device("member", dev="8:16")
    fake.device("md0", dev="9:0")
    fake.device("small", dev="8:32", size="2048")
    fake.device("loop0", dev="7:0")
    fake.stack("md0", "member")
    fake.tool("blkid", "exit 2")
    fake.tool("cryptsetup", "exit 1")
    answers = fake.ask(("sh", "-s"))
    assert answers["signatures"].text.split("\n") == ["probed\tmd0\t1"]
    assert answers["luks"].text.split("\n") == ["header\tmd0\t1"]


def test_a_machine_without_the_tools(fake: Fake) -> None:
    """Nothing but a block tree: every other part says that there is no such thing here, or has nothing to tell."""
    answers = fake.ask(("sh", "-s"))
    assert answers["crypttab"].outcome is Outcome.ABSENT
    assert answers["zfs"].outcome is Outcome.ABSENT
    assert answers["luks"].outcome is Outcome.OK
