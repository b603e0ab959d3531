"""What a host's package manager has installed and knows: a layer of files over a root, made for one test session.

The rig's own repositories take the place of Debian's, labelled and signed like them, so that nothing depends on the
day's archive: the only package with a newer version is `rigtool`, and only where a state says so. The moments in them
are counted back from the start of the session.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from tests.rig.needs import run_job
from tests.rig.repos.apt import DebPackage, build_apt_repository
from tests.rig.roots import RECIPES, Recipe

OLD, NEW = "1.0", "1.1"  # versions of rigtool: in the main archive, and in the security archive


@dataclass(frozen=True, slots=True)
class Packages:
    """`lists_age_days` None: the package lists are missing. `upgraded_days_ago`: the last upgrade in the logs."""

    release: str = "bookworm"
    patched: bool = True
    lists_age_days: int | None = 0
    upgraded_days_ago: int = 3
    extra: Sequence[DebPackage] = ()


@dataclass(frozen=True, slots=True)
class Layer:
    """The folders that a host is mounted from, topmost first."""

    lowers: tuple[Path, ...]


def make_signing_key(folder: Path) -> None:
    """A key for the archives' Release files; the agent that gpg starts ends with the job."""
    folder.mkdir(mode=0o700)
    run_job(_MAKE_KEY, folder)


def build_layer(folder: Path, packages: Packages, lower: Path, key: Path, now: datetime) -> Layer:
    """Install and update in a chroot over the release's root, `lower`; what changes there is the layer."""
    recipe = RECIPES[packages.release]
    upper = folder / "upper"
    for name in ("upper", "work", "merged"):
        (folder / name).mkdir(parents=True)
    age = timedelta(days=packages.lists_age_days or 0)
    _archives(upper / "srv/rig", packages, recipe, now - age - timedelta(hours=1))
    install = [
        f"rigtool_{NEW if packages.patched else OLD}_all.deb",
        *(f"{extra.name}_{extra.version}_all.deb" for extra in packages.extra),
    ]
    sources = "".join(_source(folder, suite) for folder, suite in _places(recipe))
    _write(upper / "etc/apt/sources.list.d/debian.sources", sources)
    run_job(_INSTALL, folder, lower, key, " ".join(install), "no" if packages.lists_age_days is None else "yes")
    if age:
        _set_back(upper, now - age)
    _history(upper / "var/log", packages, now)
    return Layer((upper, lower))


_MAKE_KEY = """
gpg --homedir "$1" --batch --quiet --passphrase '' --quick-generate-key 'Rig <rig@example.invalid>' ed25519 sign never
gpg --homedir "$1" --batch --export >"$1/archive.gpg"
"""

# Old lists come from an update that was fine on its day, so the date that they were valid until is not asked. The key is
# copied because gpg starts an agent for each folder of keys, and that agent ends with the job that started it.
_INSTALL = """
cd "$1"
mkdir -p upper/usr/share/keyrings
cp "$3/archive.gpg" upper/usr/share/keyrings/rig-archive.gpg
cp -r "$3" key
for dist in upper/srv/rig/*/dists/*; do
  gpg --homedir key --batch --clearsign --output "$dist/InRelease" "$dist/Release"
done
chmod -R a+rX upper/srv upper/etc upper/usr
mount -t overlay overlay -o "lowerdir=$2,upperdir=upper,workdir=work" merged
for name in $4; do
  find merged/srv/rig -name "$name" -exec cp {} merged/tmp/ \\;
done
chroot merged sh -euc 'dpkg --install /tmp/*.deb; rm /tmp/*.deb'
if [ "$5" = yes ]; then chroot merged apt-get -o Acquire::Check-Valid-Until=false update; fi
umount merged
"""


def _places(recipe: Recipe) -> tuple[tuple[str, str], ...]:
    return ("debian", recipe.codename), ("debian-security", f"{recipe.codename}-security")


def _source(folder: str, suite: str) -> str:
    address, key = f"file:/srv/rig/{folder}", "/usr/share/keyrings/rig-archive.gpg"
    return f"Types: deb\nURIs: {address}\nSuites: {suite}\nComponents: main\nSigned-By: {key}\n\n"


def _archives(folder: Path, packages: Packages, recipe: Recipe, date: datetime) -> None:
    (main, codename), (security, security_codename) = _places(recipe)
    build_apt_repository(
        folder / main,
        [DebPackage("rigtool", OLD), *packages.extra],
        suite=recipe.suite,
        codename=codename,
        version=f"{recipe.version}.9",
        label="Debian",
        date=date,
    )
    build_apt_repository(
        folder / security,
        [DebPackage("rigtool", NEW)],
        suite=f"{recipe.suite}-security",
        codename=security_codename,
        version=recipe.version,
        label="Debian-Security",
        date=date,
        valid_until=date + timedelta(days=7),
    )


def _set_back(upper: Path, moment: datetime) -> None:
    """Files and folders of the lists look as old as their contents, whichever of them a reader goes by."""
    for folder in (upper / "var/lib/apt/lists", upper / "var/cache/apt"):
        for path in (*folder.rglob("*"), folder):
            os.utime(path, (moment.timestamp(), moment.timestamp()), follow_symlinks=False)


def _history(logs: Path, packages: Packages, now: datetime) -> None:
    """What dpkg and apt would have logged: one upgrade, in place of the installation of the root."""
    ended = now - timedelta(days=packages.upgraded_days_ago)
    started = ended - timedelta(seconds=9)
    before, after = (OLD, NEW) if packages.patched else ("0.9", OLD)
    moment = f"{ended:%Y-%m-%d %H:%M:%S}"
    lines = ("startup archives unpack", f"upgrade rigtool:all {before} {after}", f"status installed rigtool:all {after}")
    _write(logs / "dpkg.log", "".join(f"{moment} {line}\n" for line in lines))
    _write(
        logs / "apt/history.log",
        f"\nStart-Date: {started:%Y-%m-%d  %H:%M:%S}\nCommandline: apt-get --yes dist-upgrade\n"
        f"Upgrade: rigtool:amd64 ({before}, {after})\nEnd-Date: {ended:%Y-%m-%d  %H:%M:%S}\n",
    )


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
