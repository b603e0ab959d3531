"""This machine under another name: /etc and /var are covered by a layer that ends with the test, in its own namespaces.

So the very text of the probes runs against dnf, zypper, pacman or apt with made-up sources. Nothing of the machine's own
is changed: /usr and the other folders with files of the machine are read only there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from scorecard.bundle import Bundle, new_marker, parse_reply
from scorecard.host import parse_host
from scorecard.model import Host, Observations, Platform, Probe
from tests.rig.needs import JOB

_COVER = """
mount -t tmpfs none /mnt
for folder in etc var; do
  mkdir -p /mnt/$folder/upper /mnt/$folder/work
  mount -t overlay -o lowerdir=/$folder,upperdir=/mnt/$folder/upper,workdir=/mnt/$folder/work private /$folder
done
mount -t tmpfs none /run
mount -t tmpfs none /var/tmp
# What is written through a link that leads out of /etc or /var fails, and changes nothing. The root folder itself stays as
# it is: zypper refuses to work on one that is read only.
for folder in /boot /home /opt /root /srv /usr; do
  mount --bind $folder $folder
  mount -o remount,bind,ro $folder
done
rm -f /etc/os-release
printf '%s\\n' "$1" >/etc/os-release
sh -euc "$2" </dev/null >&2
touch /mnt/stamp
sleep 1
if [ -n "$4" ]; then setpriv --reuid 65534 --regid 65534 --clear-groups sh -s <"$3"; else sh -s <"$3"; fi
find /mnt/etc /mnt/var -newer /mnt/stamp -type f | sed 's/^/changed /'
"""


class PrivateUnavailable(Exception):
    """This machine cannot do it; `str()` is the reason in one sentence."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the probes answered, and which files below /etc and /var were written while they asked."""

    observations: Observations
    host: Host
    changed: tuple[str, ...]


def check_private(*programs: str) -> None:
    """Raises PrivateUnavailable."""
    if os.geteuid() != 0:
        raise PrivateUnavailable("a private /etc and /var need root for namespaces and overlayfs")
    missing = [program for program in ("unshare", "setpriv", *programs) if shutil.which(program) is None]
    if missing:
        raise PrivateUnavailable(f"a private system needs {', '.join(missing)}")


def ask_private(probes: tuple[Probe, ...], os_release: str, setup: str, *, as_root: bool = True) -> Asked:
    """Run `setup` (POSIX sh) over the private /etc and /var, then ask `probes`. Raises CalledProcessError."""
    marker = new_marker()
    with tempfile.TemporaryDirectory() as scratch:
        script = Path(scratch) / "script"
        script.write_text(Bundle(probes, Platform.LINUX).script(marker))
        Path(scratch).chmod(0o755)
        command = [*JOB, _COVER, "job", os_release, setup, str(script), "" if as_root else "user"]
        variables = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "HOME": "/root", "TMPDIR": "/var/tmp"}
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, env=variables)
    if done.returncode:
        raise subprocess.CalledProcessError(done.returncode, command[-4:], done.stdout, done.stderr)
    now = datetime.now(UTC)
    reply = parse_reply(done.stdout, marker, now)
    host = parse_host(reply.observations, now)
    assert reply.complete
    assert host is not None
    changed = [line[8:] for line in done.stdout.decode(errors="replace").splitlines() if line.startswith("changed ")]
    return Asked(reply.observations, host, tuple(changed))
