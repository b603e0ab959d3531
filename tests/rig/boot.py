"""Starts one host; run with `unshare` in new mount, PID, UTS and IPC namespaces, alone and without the rest of the rig.

Mounts the overlay and what a system has beside its files, makes it the only file system to be seen, and becomes the
host's first process: a shell that starts sshd and waits for the end of its standard input. The rig holds the other end
of that pipe, so however the rig ends, this process ends, and the kernel ends all others of the namespace with it.
"""

import errno
import json
import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

FIRST_PROCESS = """
for daemon in "$@"; do "$daemon" infinity </dev/null >/dev/null 2>&1 & done
/usr/sbin/sshd -D -e -f /etc/ssh/sshd_config </dev/null &
read -r end_of_the_rig
"""
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
DEVICES = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9), "tty": (5, 0)}
LINKS = {"fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2", "ptmx": "pts/ptmx"}
SHARED_MEMORY_BYTES = 16 * 1024 * 1024
FULL_DISK_BYTES = 8 * 1024 * 1024
FULL_DISK_FILES = 2000


def run(*command: str) -> None:
    subprocess.run(command, check=True, env=ENVIRONMENT)


def mount_overlay(folder: Path, lowers: list[str], full: bool) -> Path:
    """`folder` holds upper/ with the host's own files. Returns the mounted root."""
    if full:
        disk = folder / "disk"
        disk.mkdir()
        run("mount", "-t", "tmpfs", "-o", f"size={FULL_DISK_BYTES},nr_inodes={FULL_DISK_FILES}", "disk", str(disk))
        run("cp", "-a", str(folder / "upper"), str(disk))
        folder = disk
    for name in ("work", "merged"):
        (folder / name).mkdir()
    options = f"lowerdir={':'.join(lowers)},upperdir={folder / 'upper'},workdir={folder / 'work'}"
    run("mount", "-t", "overlay", "-o", options, "overlay", str(folder / "merged"))
    return folder / "merged"


def mount_system(root: Path) -> None:
    run("mount", "-t", "proc", "proc", str(root / "proc"))
    run("mount", "-t", "sysfs", "-o", "ro", "sysfs", str(root / "sys"))
    dev = root / "dev"
    run("mount", "-t", "tmpfs", "-o", "mode=755,size=64k", "dev", str(dev))
    for name, (major, minor) in DEVICES.items():
        os.mknod(dev / name, stat.S_IFCHR | 0o666, os.makedev(major, minor))
        (dev / name).chmod(0o666)
    for name, target in LINKS.items():
        (dev / name).symlink_to(target)
    (dev / "shm").mkdir()
    run("mount", "-t", "tmpfs", "-o", f"mode=1777,size={SHARED_MEMORY_BYTES}", "shm", str(dev / "shm"))
    (dev / "pts").mkdir()
    run("mount", "-t", "devpts", "-o", "newinstance,ptmxmode=666,mode=620,gid=5", "devpts", str(dev / "pts"))
    run("mount", "-o", "remount,ro", str(dev))


def fill(root: Path) -> None:
    """Until neither a byte nor a file more can be written."""
    folder = root / "var/tmp/filler"
    folder.mkdir()
    try:
        with (folder / "bytes").open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
    try:
        for number in range(FULL_DISK_FILES):
            (folder / str(number)).touch()
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise


def enter(root: Path) -> None:
    """Nothing of the machine's own file systems is left in this namespace."""
    os.chdir(root)
    run("pivot_root", ".", ".")
    run("umount", "-l", ".")
    os.chdir("/")


def main() -> None:
    os.umask(0o022)
    host = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    root = mount_overlay(Path(host["folder"]), host["lowers"], host["full"])
    mount_system(root)
    if host["full"]:
        fill(root)
    socket.sethostname(host["hostname"].encode("latin-1"))

    enter(root)
    os.execve("/bin/sh", ["sh", "-c", FIRST_PROCESS, "init", *host["daemons"]], ENVIRONMENT)


if __name__ == "__main__":
    main()
