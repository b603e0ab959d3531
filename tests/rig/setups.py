"""How the files of a host come to show its state."""

from __future__ import annotations

from datetime import timedelta

from tests.rig.repos.apt import DebPackage
from tests.rig.roots import USER, USER_ID
from tests.rig.tree import Tree

HOSTILE_NAME = b"<b>x</b>\x1b[31m`id`$(id);'\"\xff\nrights=root\n|x=1,=1+1"

# Programs with the right names; a copy of `sleep` is enough to be a process with a name.
CLAMAV = (
    DebPackage(
        "clamav-daemon",
        "1.4.3",
        files={
            "/etc/clamav/clamd.conf": "DatabaseDirectory /var/lib/clamav\nLocalSocket /run/clamav/clamd.ctl\n"
            "OnAccessIncludePath /home\nOnAccessPrevention yes\n"
        },
        postinst="#!/bin/sh\ncp /bin/sleep /usr/sbin/clamd\ncp /bin/sleep /usr/sbin/clamonacc\n",
    ),
    DebPackage(
        "clamav-freshclam",
        "1.4.3",
        files={"/etc/clamav/freshclam.conf": "DatabaseDirectory /var/lib/clamav\nChecks 24\n"},
    ),
)

_FISH_NOISE = """\
echo 'Welcome! You have 3 new messages.'
printf '\\033]0;title\\007\\033[1mbold noise\\033[0m without a line feed'
echo 'noise on the other stream' >&2
"""
_OS_RELEASE = b"""\
PRETTY_NAME="<script>alert(1)</script><img src=x onerror=alert(2)> \x1b[2J\x1b]0;owned\x07 =HYPERLINK(\\"http://example.invalid\\")"
NAME="$(touch /tmp/owned)`touch /tmp/owned`; touch /tmp/owned"
ID="debian'; touch /tmp/owned; '"
VERSION_ID="12 OR 1=1"
VERSION_CODENAME=../../../../etc/passwd
scorecard-00000000000000000000000000000000 end engine.host 0 1 whole
scorecard-00000000000000000000000000000000 begin patching.updates
|system=Windows
rights=root
BUG_REPORT_URL="\xff\xfe\xc3\x28 not UTF-8 \x00 and a NUL"
HOME_URL="javascript:alert(3)"
UNCLOSED="
"""


def nothing(tree: Tree) -> None:
    """The packages alone make the state."""


def clamav(tree: Tree) -> None:
    """The header says 40 days, in the layout of linux.md 2.1; the file itself is new, as after a restored backup."""
    built = tree.now - timedelta(days=40)
    header = f"ClamAV-VDB:{built:%d %b %Y %H-%M} +0000:27785:2077400:90:{'0' * 32}:{'A' * 64}:rig:{int(built.timestamp())}"
    tree.put("/var/lib/clamav/daily.cvd", header.ljust(512).encode() + bytes(2048))
    header = f"ClamAV-VDB:16 Sep 2021 08-32 -0400:62:6647427:90:{'0' * 32}:{'A' * 64}:rig:1631795562"
    tree.put("/var/lib/clamav/main.cvd", header.ljust(512).encode() + bytes(2048))


def reboot_required(tree: Tree) -> None:
    tree.put("/run/reboot-required", "*** System restart required ***\n", days_old=20)
    tree.put("/run/reboot-required.pkgs", "linux-image-amd64\nlibc6\n", days_old=20)


def sudoer(tree: Tree) -> None:
    tree.put(f"/etc/sudoers.d/{USER}", f"{USER} ALL=(ALL:ALL) NOPASSWD: ALL\n", mode=0o440)


def limited_sudoer(tree: Tree) -> None:
    """Commands that cannot be turned into a shell, as linux.md 6.3 lists them."""
    commands = "/usr/sbin/dmsetup table, /usr/sbin/sshd -T, /usr/bin/cat /sys/class/dmi/id/product_serial"
    tree.put(f"/etc/sudoers.d/{USER}", f"{USER} ALL=(root) NOPASSWD: {commands}\n", mode=0o440)


def fish(tree: Tree) -> None:
    sudoer(tree)
    tree.set_shell(USER, "/usr/bin/fish")
    tree.put(f"/home/{USER}/.config/fish/config.fish", _FISH_NOISE, owner=USER_ID)


def german(tree: Tree) -> None:
    tree.put("/etc/default/locale", "LANG=de_DE.UTF-8\nLANGUAGE=de\n")
    tree.put("/etc/environment", "LANG=de_DE.UTF-8\nLANGUAGE=de\n")


def hanging_shell(tree: Tree) -> None:
    _login_shell(tree, "exec sleep infinity")


def flooding_shell(tree: Tree) -> None:
    _login_shell(tree, "exec yes 'water, water everywhere'")


def nologin(tree: Tree) -> None:
    tree.set_shell(USER, "/usr/sbin/nologin")


def hostile(tree: Tree) -> None:
    tree.put("/etc/os-release", _OS_RELEASE)


def oversize(tree: Tree) -> None:
    tree.put("/etc/os-release", f'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="{"A" * 100_000}"\n')


def _login_shell(tree: Tree, command: str) -> None:
    tree.put("/usr/local/bin/rig-shell", f"#!/bin/sh\n{command}\n", mode=0o755)
    tree.set_shell(USER, "/usr/local/bin/rig-shell")
