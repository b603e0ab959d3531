"""What the rig needs of the machine that runs it, asked before anything is built."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PROGRAMS = {
    "debootstrap": "debootstrap",
    "dpkg-deb": "dpkg",
    "gpg": "gnupg",
    "mount": "mount",
    "pivot_root": "util-linux",
    "setpriv": "util-linux",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "unshare": "util-linux",
}

# A job gets namespaces of its own, so that its mounts and its children end with it, whatever ends it. It is killed when
# the thread that waits for it dies; a job never outlives a test session.
ALONE = (
    "unshare",
    "--mount",
    "--uts",
    "--ipc",
    "--pid",
    "--fork",
    "--kill-child",
    "--mount-proc",
    "--propagation",
    "private",
)
JOB = ("setpriv", "--pdeathsig", "KILL", *ALONE, "sh", "-euc")


class RigUnavailable(Exception):
    """The rig cannot run on this machine; `str()` is the reason in one sentence."""


class RigError(Exception):
    """A step of the rig failed; the message holds the end of what it printed."""


def run_job(script: str, *arguments: str | Path, environment: dict[str, str] | None = None) -> None:
    """Run POSIX sh `script` as root in its own namespaces, with "$1" and so on. Raises RigError."""
    command = [*JOB, script, "job", *(str(argument) for argument in arguments)]
    variables = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", **(environment or {})}
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, env=variables)
    if done.returncode:
        printed = (done.stdout + done.stderr).decode(errors="replace")[-2000:]
        raise RigError(f"a step of the rig ended with code {done.returncode}:\n{printed}")


def cache_folder() -> Path:
    """Outside the checkout, kept between runs: SCORECARD_RIG_CACHE, else ~/.cache/scorecard-rig."""
    chosen = os.environ.get("SCORECARD_RIG_CACHE")
    return Path(chosen) if chosen else Path.home() / ".cache" / "scorecard-rig"


def check_needs() -> None:
    """Raises RigUnavailable with everything that is missing."""
    if sys.platform != "linux":
        raise RigUnavailable("the rig of real hosts runs on Linux only")
    if os.geteuid() != 0:
        raise RigUnavailable("the rig of real hosts needs root for namespaces and overlayfs")
    missing = sorted({package for program, package in PROGRAMS.items() if not shutil.which(program, path=_PATH)})
    if missing:
        raise RigUnavailable(f"the rig of real hosts needs the Debian packages {', '.join(missing)}")
    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o755)
        with tempfile.TemporaryDirectory(dir=folder, prefix="try-") as scratch:
            run_job(_TRY_OVERLAY, scratch)
    except OSError as error:
        raise RigUnavailable(f"the rig of real hosts cannot write to its cache folder: {error}") from error
    except RigError as error:
        raise RigUnavailable(
            f"the rig of real hosts cannot make namespaces, overlays and devices under {folder}: {error}"
        ) from error


_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
_TRY_OVERLAY = """
cd "$1"
mkdir lower upper work merged
mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work merged
mknod merged/device c 1 3
chown 1000 merged/device
"""
