"""Debian roots made with debootstrap, built once for a machine and shared by all hosts as their lower layer.

They are kept outside the checkout under a name that holds a hash of the recipe. A root is built under a file lock, in
a folder of another name that is renamed at the end: an interrupted build leaves nothing that looks like a root.
"""

from __future__ import annotations

import fcntl
import hashlib
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.rig.needs import RigError, RigUnavailable, cache_folder, run_job

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
USER = "auditor"
USER_ID = 1000


@dataclass(frozen=True, slots=True)
class Recipe:
    """A Debian release with the packages that some state needs, and what its archives call themselves."""

    codename: str
    suite: str
    version: str
    include: tuple[str, ...] = ("ca-certificates", "openssh-server", "procps")
    finish: str = ""

    @property
    def folder(self) -> str:
        """Name and hash: another recipe is another root."""
        text = "\0".join((self.codename, *self.include, _BUILD, _FINISH, self.finish))
        return f"{self.codename}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


# Two stages, so that dpkg can be told in between not to sync each file: the folder is thrown away if the build fails.
_BUILD = """
debootstrap --foreign --variant=minbase --keyring="$5" --include="$3" "$1" "$2" "$4"
mkdir -p "$2/etc/dpkg/dpkg.cfg.d"
echo force-unsafe-io >"$2/etc/dpkg/dpkg.cfg.d/rig"
chroot "$2" /debootstrap/debootstrap --second-stage
chroot "$2" sh -euc "$6"
"""
_FINISH = f"""
useradd --create-home --uid {USER_ID} --shell /bin/bash --password '*' {USER}
rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/cache/apt/archives/*.deb /var/log/bootstrap.log
rm -f /etc/ssh/ssh_host_* /etc/apt/sources.list /etc/resolv.conf /etc/dpkg/dpkg.cfg.d/rig
mkdir -p /run/sshd
"""
_GERMAN = """
echo 'de_DE.UTF-8 UTF-8' >>/etc/locale.gen
locale-gen
"""

RECIPES = {
    recipe.codename: recipe
    for recipe in (
        Recipe(
            "bookworm",
            "oldstable",
            "12",
            ("ca-certificates", "fish", "locales", "openssh-server", "procps", "sudo"),
            _GERMAN,
        ),
        Recipe("bullseye", "oldoldstable", "11"),
        Recipe("trixie", "stable", "13"),
    )
}


def use_root(codename: str, stack: ExitStack) -> Path:
    """The root's folder, built now if this machine has none, and kept from being removed until `stack` is closed.

    Raises RigUnavailable where it cannot be built.
    """
    recipe = RECIPES[codename]
    folder = cache_folder() / "roots" / recipe.folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f"{codename}.building").open("w") as building:
        fcntl.flock(building, fcntl.LOCK_EX)
        if not folder.is_dir():
            _remove_unused(folder.parent, f"{codename}-*")
            build_root(recipe, folder)
        fcntl.flock(stack.enter_context(_in_use(folder).open("w")), fcntl.LOCK_SH)
    return folder


def _in_use(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.in-use")


def _remove_unused(folder: Path, names: str) -> None:
    """Roots of earlier recipes, unless a running rig has them mounted."""
    for old in folder.glob(names):
        if not old.is_dir():
            continue
        with _in_use(old).open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            shutil.rmtree(old)


def build_root(recipe: Recipe, folder: Path) -> None:
    """`folder` appears only when the root is whole. Raises RigUnavailable."""
    if not KEYRING.exists():
        raise RigUnavailable("the rig of real hosts needs the Debian package debian-archive-keyring")
    partial = folder.with_name(f"{recipe.folder}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    include, finish = ",".join(recipe.include), _FINISH + recipe.finish
    try:
        run_job(_BUILD, recipe.codename, partial, include, mirror(), KEYRING, finish, environment=_proxy())
    except RigError as error:
        raise RigUnavailable(f"Debian {recipe.codename} could not be built with debootstrap: {error}") from error
    partial.rename(folder)


def mirror(etc: Path = Path("/etc/apt")) -> str:
    """The Debian archive that this machine itself installs from. Raises RigUnavailable."""
    for file in (etc / "sources.list", *sorted((etc / "sources.list.d").glob("*"))):
        if not file.is_file():
            continue
        text = file.read_text(encoding="utf-8", errors="replace")
        for address, suites in _deb822(text) if file.suffix == ".sources" else _one_line(text):
            if _DEBIAN.search(suites) and address.startswith(("http://", "https://", "file:")):
                return address
    raise RigUnavailable("this machine's apt configuration names no Debian archive to build the rig from")


# A main suite of Debian's, not its -security or -updates, which hold only a part of what debootstrap needs.
_DEBIAN = re.compile(r"(?:^|\s)(?:(?:old)*stable|testing|unstable|sid|bullseye|bookworm|trixie|forky)(?:$|\s)")


def _deb822(text: str) -> Iterator[tuple[str, str]]:
    for stanza in re.split(r"\n\s*\n", text):
        fields = dict(re.findall(r"^([A-Za-z-]+):[ \t]*(.*)$", stanza, re.MULTILINE))
        if "deb" in fields.get("Types", "").split() and fields.get("Enabled", "yes") != "no":
            for address in fields.get("URIs", "").split():
                yield address, fields.get("Suites", "")


def _one_line(text: str) -> Iterator[tuple[str, str]]:
    for match in re.finditer(r"^deb\s+(?:\[[^]]*\]\s+)?(\S+)\s+(\S+)", text, re.MULTILINE):
        yield match[1], match[2]


def _proxy() -> dict[str, str]:
    """debootstrap downloads with wget, which does not read apt's own proxy setting."""
    asked = subprocess.run(["apt-config", "shell", "proxy", "Acquire::http::Proxy"], capture_output=True, text=True)
    found = re.search(r"proxy='([^']+)'", asked.stdout)
    return {"http_proxy": found[1], "https_proxy": found[1]} if found else {}
